package main

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wheel writes a package holding one library with the given bytes.
func wheel(t *testing.T, path, inside, content string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	w, err := z.Create(inside)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// fakePip puts a pip3 on the path that copies a ready wheel to --dest.
func fakePip(t *testing.T, ready string) {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\nwhile [ \"$1\" != --dest ]; do shift; done\ncp '" + ready + "' \"$2\"\n"
	if err := os.WriteFile(filepath.Join(dir, "pip3"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestInstall(t *testing.T) {
	// A checksum of the right length that belongs to nothing here.
	const sum = "0000000000000000000000000000000000000000000000000000000000000000"
	real, err := func() (string, error) {
		p := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(p, []byte("library"), 0o600); err != nil {
			return "", err
		}
		return checksum(p)
	}()
	if err != nil {
		t.Fatal(err)
	}
	ready := filepath.Join(t.TempDir(), "a.whl")
	wheel(t, ready, "in/lib.so", "library")
	fakePip(t, ready)

	for _, tc := range []struct{ name, inside, sum, wantErr string }{
		{"right", "in/lib.so", real, ""},
		{"wrong checksum", "in/lib.so", sum, "pinned is"},
		{"missing file", "in/other.so", real, "lacks in/other.so"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			s := source{"pip", "p", "tag", []file{{tc.inside, "lib.so", tc.sum}}}
			err := s.install(context.Background(), dir)
			left, _ := os.ReadDir(dir)
			if tc.wantErr == "" {
				if err != nil {
					t.Fatal(err)
				}
				if path, ok := installed(dir, []source{s}); !ok || path != filepath.Join(dir, "lib.so") {
					t.Fatalf("installed = %q, %v", path, ok)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
				t.Fatalf("error %v, want one with %q", err, tc.wantErr)
			}
			if len(left) != 0 {
				t.Fatalf("a failed install left %v", left)
			}
		})
	}
}

func TestEveryPlatformIsPinned(t *testing.T) {
	for platform, sources := range processor {
		for _, s := range sources {
			for _, f := range s.files {
				if len(f.sha256) != 64 {
					t.Errorf("%s %s %s: checksum of %d digits", platform, s.pack, f.path, len(f.sha256))
				}
			}
		}
	}
}

// What goes into a program is the pinned library, and nothing where it is not to be had.
func TestEmbed(t *testing.T) {
	ready := filepath.Join(t.TempDir(), "a.whl")
	wheel(t, ready, "onnxruntime/capi/onnxruntime.dll", "not the pinned bytes")
	fakePip(t, ready)
	dir := t.TempDir()
	for platform, want := range map[string]string{"windows/amd64": "pinned is", "plan9/386": "no pinned library"} {
		if _, err := embed(context.Background(), dir, platform); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", platform, err, want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*", "*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}
