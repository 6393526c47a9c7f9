package host

import (
	"context"
	"net"
	"path/filepath"
	"testing"
)

func TestAddress(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	for asked, want := range map[string]string{
		"localhost:0": "http://localhost:8080", ":8080": "http://localhost:8080", "0.0.0.0:8080": "http://localhost:8080",
		"192.168.1.2:8080": "http://192.168.1.2:8080", "[::1]:8080": "http://[::1]:8080", "localhost:http": "http://localhost:8080",
	} {
		if got := Address(asked, at.String()); got != want {
			t.Errorf("%s: %s, want %s", asked, got, want)
		}
	}
}

func TestHasScreen(t *testing.T) {
	for _, tc := range []struct {
		system string
		env    map[string]string
		want   bool
	}{
		{"linux", map[string]string{"DISPLAY": ":0"}, true},
		{"linux", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, true},
		{"linux", nil, false},
		{"linux", map[string]string{"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, false},
		{"windows", nil, true},
		{"darwin", nil, true},
		{"darwin", map[string]string{"SSH_CONNECTION": "x"}, false},
	} {
		if got := hasScreen(tc.system, func(name string) string { return tc.env[name] }); got != tc.want {
			t.Errorf("%s %v: %v", tc.system, tc.env, got)
		}
	}
}

// A service manager is told when the server answers, and when it stops.
func TestReadiness(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Skipf("no such sockets here: %v", err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	TellReady(ctx, nil)
	for _, want := range []string{"READY=1", "STOPPING=1"} {
		b := make([]byte, 64)
		n, err := socket.Read(b)
		if err != nil || string(b[:n]) != want {
			t.Fatalf("the manager heard %q, want %q (%v)", b[:n], want, err)
		}
		cancel()
	}
}
