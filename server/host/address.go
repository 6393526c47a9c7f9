// Package host is what the program needs of the machine that it runs on besides
// files: an address to listen on, word from a server that listens already, the
// user's browser and window, the service manager.
package host

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// Networks reads addresses and networks, the values of --trust-proxy.
func Networks(texts []string) (out []netip.Prefix, err error) {
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if addr, bad := netip.ParseAddr(text); bad == nil {
			p, err = addr.WithZone("").Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("--trust-proxy %q: give an address or a network, as 127.0.0.1 or 10.0.0.0/8", text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Listen opens the server's address; the error says what to do.
func Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("another program listens on %s; stop it, or choose another address with --addr", addr)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s; choose a port above 1023 with --addr", addr)
	case err != nil:
		return nil, fmt.Errorf("--addr %s: %w", addr, err)
	}
	return l, nil
}

// Address is what to type into a browser: the name as given, the port as it became.
func Address(asked, got string) string {
	host, _, err := net.SplitHostPort(asked)
	_, port, err2 := net.SplitHostPort(got)
	if err != nil || err2 != nil {
		return "http://" + got
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
