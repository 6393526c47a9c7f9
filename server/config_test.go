package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestEveryFlagIsASetting: semirest config prints every flag of every command, and the file
// that it prints is one that every command takes.
func TestEveryFlagIsASetting(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.yaml")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	printed := succeed(t, "config", "--config", empty)
	root, _ := newRootCmd()
	for _, cmd := range root.Commands() {
		for _, c := range append([]*cobra.Command{cmd}, cmd.Commands()...) {
			c.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if f.Name != "help" && f.Name != "config" && !strings.Contains(printed, "#"+f.Name+": ") {
					t.Errorf("semirest config does not print %s --%s", c.Name(), f.Name)
				}
			})
		}
	}
	// The same with every line said instead of commented.
	file := filepath.Join(t.TempDir(), "whole.yaml")
	var lines []string
	for line := range strings.Lines(printed) {
		if rest := strings.TrimLeft(line, " "); strings.HasPrefix(rest, "#") && !strings.HasPrefix(rest, "# ") {
			line = line[:len(line)-len(rest)] + rest[1:]
		}
		lines = append(lines, line)
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	again := succeed(t, "config", "--config", file)
	want := strings.ReplaceAll(strings.Join(lines, ""), "# default", "# "+file)
	if want = strings.Replace(want, "# read: "+empty, "# read: "+file, 1); again != want {
		t.Errorf("it became\n%s", again)
	}
}

// TestPackageSettings: the file that the Debian package installs is one of settings.
func TestPackageSettings(t *testing.T) {
	if out := succeed(t, "config", "--config", "release/debian/semirest.yaml", "serve"); !strings.Contains(out, "addr: \"localhost:8080\"  # release/debian/semirest.yaml\n") {
		t.Error(out)
	}
}
