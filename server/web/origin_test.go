package web

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

func TestWhichPagesMayConnect(t *testing.T) {
	g, err := newGuard([]string{"https://lab.example:8443", "http://camera.example"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host, origin string
		want         bool
	}{
		{"localhost:8080", "", true}, // no page: a program
		{"localhost:8080", "http://localhost:8080", true},
		{"127.0.0.1:8080", "http://localhost:8080", true},
		{"localhost:8080", "http://127.0.0.1:8080", true},
		{"[::1]:8080", "http://localhost:8080", true},
		{"localhost:8080", "http://[::1]:8080", true},
		{"LocalHost:8080", "http://localhost:8080", true},
		{"localhost:8080", "http://localhost:9090", false},
		{"localhost:8080", "http://localhost", false},
		{"localhost", "http://localhost", true},
		{"localhost:80", "http://localhost", true},
		{"inspect.example", "https://inspect.example", true},
		{"inspect.example:443", "https://inspect.example", true},
		{"inspect.example", "https://evil.example", false},
		{"inspect.example", "https://inspect.example.evil.example", false},
		{"inspect.example", "https://inspect.example@evil.example", false},
		{"localhost:8080", "http://localhost.evil.example:8080", false},
		{"localhost:8080", "https://lab.example:8443", true},
		{"localhost:8080", "https://lab.example", false},
		{"localhost:8080", "http://lab.example:8443", false},
		{"localhost:8080", "http://camera.example:80", true},
		{"localhost:8080", "null", false},
		{"localhost:8080", "file:///home/me/page.html", false},
		{"localhost:8080", "http://localhost:8080/path", false},
		{"localhost:8080", "not an origin", false},
	} {
		r := httptest.NewRequest("GET", "http://"+c.host+"/", nil)
		r.Header.Set("Origin", c.origin)
		if c.origin == "" {
			r.Header.Del("Origin")
		}
		if got := g.originAllowed(r); got != c.want {
			t.Errorf("origin %q at host %q: %v, want %v", c.origin, c.host, got, c.want)
		}
	}
	for _, bad := range []string{"*", "example.com", "ftp://x", "http://", "https://x/y"} {
		if _, err := newGuard([]string{bad}); err == nil {
			t.Errorf("allowed origin %q was taken", bad)
		}
	}
}

func TestAForeignOriginIsRefused(t *testing.T) {
	r := newRig(t, Config{AllowOrigins: []string{"https://friend.example"}}, nil)
	stream := "ws" + strings.TrimPrefix(r.http.URL, "http") + "/api/v1/stream"
	for origin, want := range map[string]int{
		"https://evil.example":   http.StatusForbidden,
		"null":                   http.StatusForbidden,
		"https://friend.example": http.StatusSwitchingProtocols,
		r.http.URL:               http.StatusSwitchingProtocols,
		strings.Replace(r.http.URL, "127.0.0.1", "localhost", 1): http.StatusSwitchingProtocols,
	} {
		conn, resp, err := websocket.DefaultDialer.Dial(stream, http.Header{"Origin": {origin}})
		if err == nil {
			_ = conn.Close()
		}
		if resp == nil || resp.StatusCode != want {
			t.Errorf("origin %s: %v, %v, want %d", origin, resp, err, want)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		req, _ := http.NewRequest(method, r.http.URL+"/api/v1/score", nil)
		req.Header.Set("Origin", "https://evil.example")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s of a foreign page: %d", method, resp.StatusCode)
		}
	}
}

// TestARebindingNameIsRefused: the browser reaches 127.0.0.1 under a name that an attacker owns. Its Origin equals its
// Host, so only the name itself gives it away.
func TestARebindingNameIsRefused(t *testing.T) {
	r := newRig(t, Config{AllowOrigins: []string{"https://front.example"}}, nil)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(r.http.URL, "http://"))
	for host, want := range map[string]int{
		"evil.example:" + port:   http.StatusForbidden,
		"192.168.0.7:" + port:    http.StatusForbidden,
		"localhost:" + port:      http.StatusOK,
		"127.0.0.1:" + port:      http.StatusOK,
		"demo.localhost:" + port: http.StatusOK,
		"front.example":          http.StatusOK,
	} {
		req, _ := http.NewRequest(http.MethodGet, r.http.URL+"/api/v1/version", nil)
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("host %s: %d, want %d", host, resp.StatusCode, want)
		}
	}
}
