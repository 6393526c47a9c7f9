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
