package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// site is the part of an origin that counts: scheme, host and port. Every name of this machine (localhost,
// 127.0.0.1, [::1]) is the host "loopback": a page opened as localhost may talk to 127.0.0.1, which gorilla's own
// check refuses.
type site struct{ scheme, host, port string }

// originSite reads an Origin header or an --allow-origin flag.
func originSite(origin string) (site, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return site{}, fmt.Errorf("%q is not an origin; write it as https://name or http://name:port", origin)
	}
	return hostSite(u.Scheme, u.Host), nil
}

// hostSite splits host[:port], the port being the scheme's own where none is given.
func hostSite(scheme, hostPort string) site {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = strings.Trim(hostPort, "[]")
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if addr, err := netip.ParseAddr(host); host == "localhost" || (err == nil && addr.Unmap().IsLoopback()) {
		host = "loopback"
	}
	return site{scheme, host, port}
}

// guard decides which pages may use the server. A request without Origin comes from no page and is let through.
type guard struct{ allowed []site }

func newGuard(origins []string) (guard, error) {
	var g guard
	for _, o := range origins {
		s, err := originSite(o)
		if err != nil {
			return guard{}, fmt.Errorf("web: allowed origin %w", err)
		}
		g.allowed = append(g.allowed, s)
	}
	return g, nil
}

// originAllowed tells whether the page that sent r may use the server: a page of this server's own host and port, or
// of a configured origin.
func (g guard) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	from, err := originSite(origin)
	if err != nil {
		return false // "null", a file, an extension
	}
	for _, a := range g.allowed {
		if from == a {
			return true
		}
	}
	own := hostSite(from.scheme, r.Host)
	return from.host == own.host && from.port == own.port
}

// fetchAllowed tells whether a request that changes something comes from a page that may: one without an Origin is held
// to what the browser says of its site. A page of another port of this machine is of the same site, and is refused.
func (g guard) fetchAllowed(r *http.Request) bool {
	if r.Header.Get("Origin") != "" {
		return g.originAllowed(r)
	}
	from := r.Header.Get("Sec-Fetch-Site")
	return from == "" || from == "same-origin" || from == "none"
}

// hostAllowed stops DNS rebinding: a foreign page whose name was made to point at 127.0.0.1 has an Origin equal to
// its Host, but that Host is no name of this machine. Connections from elsewhere are not looked at, since the server
// cannot know all its names.
func (g guard) hostAllowed(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return true
	}
	tcp, ok := local.(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		return true
	}
	own := hostSite("http", r.Host)
	if own.host == "loopback" || strings.HasSuffix(own.host, ".localhost") {
		return true
	}
	for _, a := range g.allowed {
		if a.host == own.host {
			return true
		}
	}
	return false
}
