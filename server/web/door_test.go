package web

import (
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"
)

// An address has its share of connections and no more, others come in all the same, and what closes makes room.
func TestTheDoorBoundsAnAddress(t *testing.T) {
	d := &door{room: 6, each: 2, proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, by: map[netip.Addr]int{}}
	at := func(s string) netip.Addr { return addressOf(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s))) }
	for _, c := range []struct {
		from string
		want bool
	}{
		{"192.0.2.1:1", true}, {"[::ffff:192.0.2.1]:2", true}, {"192.0.2.1:3", false},
		{"[2001:db8::1]:1", true}, {"[2001:db8::2]:1", true}, {"[2001:db8::3]:1", false},
		{"10.1.1.1:1", true}, {"10.1.1.1:2", true}, {"192.0.2.9:1", false}, // the room is full
	} {
		if got := d.enter(at(c.from)); got != c.want {
			t.Errorf("%s comes in: %v", c.from, got)
		}
	}
	d.leave(at("10.1.1.1:1"))
	d.leave(at("192.0.2.1:2"))
	if !d.enter(at("192.0.2.1:9")) || !d.enter(at("192.0.2.9:1")) || d.count != 6 {
		t.Error("what left made no room")
	}
}

// A crowd of idle connections from one address is cut down to its share, and the server still answers another. No
// descriptor is lost over it.
func TestACrowdOfConnections(t *testing.T) {
	r := newRig(t, Config{}, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := newDoor(l, nil)
	d.room, d.each = 40, 10
	h := &http.Server{Handler: r.Handler(), ReadHeaderTimeout: time.Minute}
	go h.Serve(d) //nolint:errcheck // it ends with Close
	defer h.Close()
	from := func(ip string) *net.Dialer { return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}} }
	var crowd []net.Conn
	for range 100 {
		c, err := from("127.0.0.2").Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		crowd = append(crowd, c)
	}
	count := func() int {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.count
	}
	client := http.Client{Transport: &http.Transport{DialContext: from("127.0.0.3").DialContext, DisableKeepAlives: true}}
	resp, err := client.Get("http://" + l.Addr().String() + "/healthz")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("another address: %v %v", resp, err)
	}
	_ = resp.Body.Close()
	eventually(t, "the crowd has its share", func() bool { return count() == 10 })
	for _, c := range crowd {
		_ = c.Close()
	}
	eventually(t, "all have left", func() bool { return count() == 0 })
}
