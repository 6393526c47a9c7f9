package web

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Connections at a time. One address has a share of them, so that it alone never takes them all; proxies, behind which
// many people are, are not bounded by it.
const (
	maxConns     = 4096
	shareOfConns = 4   // an address may have one of so many parts
	spareFiles   = 128 // descriptors that connections leave to the database, files and models
)

// door is a listener that goes on accepting whatever comes: a connection that would be one too many is closed at once,
// instead of waiting with the others until the process has no descriptors left to answer anybody.
type door struct {
	net.Listener
	room, each int
	proxies    []netip.Prefix

	mu    sync.Mutex
	count int
	by    map[netip.Addr]int
}

// newDoor bounds l's connections by what this process may open.
func newDoor(l net.Listener, proxies []netip.Prefix) *door {
	room := maxConns
	if files := openFiles(); files > 0 {
		room = min(room, max(files-spareFiles, files/2))
	}
	return &door{Listener: l, room: room, each: max(1, room/shareOfConns), proxies: proxies, by: make(map[netip.Addr]int)}
}

// Accept implements net.Listener. Where the system has no descriptor left it waits for one instead of giving up.
func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED) {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if err != nil {
			return nil, err
		}
		from := addressOf(c.RemoteAddr())
		if !d.enter(from) {
			_ = c.Close()
			continue
		}
		return &guest{Conn: c, leave: sync.OnceFunc(func() { d.leave(from) })}, nil
	}
}

func (d *door) enter(from netip.Addr) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	proxy := slices.ContainsFunc(d.proxies, func(p netip.Prefix) bool { return p.Contains(from) })
	if d.count >= d.room || (!proxy && d.by[from] >= d.each) {
		return false
	}
	d.count++
	d.by[from]++
	return true
}

func (d *door) leave(from netip.Addr) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count--
	if d.by[from]--; d.by[from] == 0 {
		delete(d.by, from)
	}
}

// addressOf is a connection's other end, one address for a network of 64 bits; the zero Addr for what has none.
func addressOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	from := tcp.AddrPort().Addr().Unmap().WithZone("")
	if from.Is6() {
		p, _ := from.Prefix(64)
		return p.Masked().Addr()
	}
	return from
}

// guest is a connection that is counted until it closes.
type guest struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (g *guest) Close() error {
	g.leave()
	return g.Conn.Close()
}

// ReadFrom lets files go out without a detour through this process.
func (g *guest) ReadFrom(r io.Reader) (int64, error) { return io.Copy(g.Conn, r) }

// CloseWrite ends the sending side, where the connection can.
func (g *guest) CloseWrite() error {
	if half, ok := g.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
