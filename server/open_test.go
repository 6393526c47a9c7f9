package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"semirest/server/ort"
)

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

// A double click serves and opens the page; a second one opens the page of the first.
func TestWithoutArguments(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the fake opener is Linux's")
	}
	// The port is 8080, as for everybody: where another program has it, there is nothing to try.
	if l, err := net.Listen("tcp", "localhost:8080"); err != nil {
		t.Skipf("port 8080 is taken: %v", err)
	} else {
		l.Close()
	}
	dir := t.TempDir()
	opened := filepath.Join(dir, "opened")
	script := "#!/bin/sh\necho \"$1\" >> '" + opened + "'\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	library, err := ort.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"PATH": dir + string(os.PathListSeparator) + os.Getenv("PATH"), "DISPLAY": ":0", "SSH_CONNECTION": "",
		"XDG_DATA_HOME": dir, "SEMIREST_ORT_LIB": library,
	} {
		t.Setenv(name, value)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan string, 1)
	go func() {
		_, out, log := semirest(ctx)
		done <- out + log
	}()
	count := func() int {
		data, _ := os.ReadFile(opened)
		return strings.Count(string(data), "http://localhost:8080\n")
	}
	await := func(n int) {
		t.Helper()
		for end := time.Now().Add(time.Minute); count() != n; time.Sleep(20 * time.Millisecond) {
			select {
			case text := <-done:
				t.Fatal(text)
			default:
			}
			if time.Now().After(end) {
				t.Fatalf("the page was opened %d times, want %d", count(), n)
			}
		}
	}
	await(1)
	if code, out, log := semirest(t.Context()); code != 0 || !strings.Contains(out, "runs at http://localhost:8080 already") {
		t.Errorf("exit code %d: %s%s", code, out, log)
	}
	await(2)
	if out := succeed(t, "health"); out != "it runs\n" {
		t.Errorf("health prints %q", out)
	}
	cancel()
	<-done
	fails(t, exitFailure, "no server runs at http://localhost:8080", "health")
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
	tellSystemd(ctx, nil)
	for _, want := range []string{"READY=1", "STOPPING=1"} {
		b := make([]byte, 64)
		n, err := socket.Read(b)
		if err != nil || string(b[:n]) != want {
			t.Fatalf("the manager heard %q, want %q (%v)", b[:n], want, err)
		}
		cancel()
	}
}
