package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// target is a platform and how its C is compiled. Only server/ort and the little
// C of Go's own runtime are; zig has the headers and libraries of every platform.
type target struct {
	os, arch string
	zig      string   // zig's name of the platform
	flags    []string // for zig besides
}

// The oldest systems that ONNX Runtime's own library runs on: glibc 2.28, macOS 14.
var targets = []target{
	{"linux", "amd64", "x86_64-linux-gnu.2.28", nil},
	{"linux", "arm64", "aarch64-linux-gnu.2.28", nil},
	{"windows", "amd64", "x86_64-windows-gnu", nil},
	// zig lacks a header and three libraries that Go links on macOS. The files in
	// darwin name what is used of them, no more: a system's libraries are found when
	// the program starts, so nothing of Apple's is needed to build.
	{"darwin", "arm64", "aarch64-macos.14.0", []string{"-isystem", "DARWIN", "-LDARWIN", "-FDARWIN"}},
}

// choose returns the targets of the platforms, as linux/amd64, or all for none.
func choose(platforms []string) ([]target, error) {
	if len(platforms) == 0 {
		return targets, nil
	}
	var chosen []target
next:
	for _, p := range platforms {
		for _, t := range targets {
			if p == t.os+"/"+t.arch {
				chosen = append(chosen, t)
				continue next
			}
		}
		return nil, fmt.Errorf("no release is made for %q: give some of linux/amd64, linux/arm64, windows/amd64, darwin/arm64", p)
	}
	return chosen, nil
}

func (t target) name() string { return t.os + "-" + t.arch }

func (t target) archive() string {
	if t.os == "windows" {
		return "semirest-" + t.name() + ".zip"
	}
	return "semirest-" + t.name() + ".tar.gz"
}

func (t target) program() string {
	if t.os == "windows" {
		return "semirest.exe"
	}
	return "semirest"
}

// stage fills dir with what the archive holds.
func (t target) stage(ctx context.Context, dir, zig, version string, stamp time.Time) error {
	if err := os.RemoveAll(dir); err != nil { // what an earlier release left
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	library, err := command(ctx, nil, "go", "run", "./server/ort/fetch", "--embed", t.os+"/"+t.arch)
	if err != nil {
		return err
	}
	program := filepath.Join(dir, t.program())
	if err := t.build(ctx, program, zig, version); err != nil {
		return err
	}
	parts, err := partsOf(ctx, program, library, filepath.Dir(zig), t.os)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "LICENCES.txt"), licenceText(parts), 0o644); err != nil {
		return err
	}
	bom, err := billOfMaterials(parts, version, t.name(), stamp)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "sbom.cdx.json"), bom, 0o644); err != nil {
		return err
	}
	for name, from := range map[string]string{"LICENSE": "LICENSE", "README.md": "README.md", "INSTALL.md": "docs/install.md", "CHANGELOG.md": "CHANGELOG.md"} {
		data, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	// Not what the umask says: the Debian package takes modes from here.
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if e.IsDir() || path == program {
			mode = 0o755
		}
		return os.Chmod(path, mode)
	})
}

// build compiles the program. The tags netgo and osusergo keep the system's C
// library out of it as far as may be; -g0 and -s keep paths of this machine out.
func (t target) build(ctx context.Context, program, zig, version string) error {
	darwin, err := filepath.Abs("server/release/darwin")
	if err != nil {
		return err
	}
	flags := strings.ReplaceAll(strings.Join(t.flags, " "), "DARWIN", darwin)
	_, err = command(ctx,
		[]string{
			"GOOS=" + t.os, "GOARCH=" + t.arch, "CGO_ENABLED=1", "CGO_CFLAGS=-O2 -g0", "GOFLAGS=",
			strings.TrimSpace("CC=" + zig + " cc -s -target " + t.zig + " " + flags),
		},
		"go", "build", "-trimpath", "-buildvcs=false", "-tags", "netgo,osusergo,embedort",
		"-ldflags", "-s -w -buildid= -X main.version="+version, "-o", program, "./server")
	return err
}

// command runs a program with some more environment and returns what it printed.
func command(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
