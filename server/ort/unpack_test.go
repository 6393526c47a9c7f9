package ort

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// carry makes a carried library of the given bytes.
func carry(t *testing.T, library string) carried {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(library)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(library))
	return carried{b.String(), hex.EncodeToString(sum[:])}
}

// content reads the one file that the cache should hold after unpacking.
func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Fatalf("beside the library lie %v", files)
	}
	return string(data)
}

func TestUnpack(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	library := "\x7fELF" + strings.Repeat("library", 1<<16)
	c := carry(t, library)
	path, err := c.unpack()
	if err != nil || content(t, path) != library {
		t.Fatal(path, err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.unpack(); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Fatal("an unpacked library was unpacked again")
	}
	// A damaged copy, of the same length, is replaced.
	if err := os.WriteFile(path, []byte(strings.ToUpper(library)), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err := c.unpack(); err != nil || again != path || content(t, path) != library {
		t.Fatal(again, err)
	}
	// Another release's library lies beside it.
	other, err := carry(t, "another").unpack()
	if err != nil || other == path || content(t, other) != "another" || content(t, path) != library {
		t.Fatal(other, err)
	}
}

func TestUnpackAtOnce(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	library := strings.Repeat("0123456789abcdef", 1<<18)
	c := carry(t, library)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			// Each sees a whole library at once after its own unpacking, whatever the others do.
			if path, err := c.unpack(); err != nil || !c.at(path) {
				t.Error(path, err)
			}
		})
	}
	all.Wait()
	path, err := c.unpack()
	if err != nil || content(t, path) != library {
		t.Fatal(path, err)
	}
}

func TestUnpackFailures(t *testing.T) {
	whole := carry(t, strings.Repeat("library", 1<<19))
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		c     carried
		cache string
		want  []string
	}{
		{"the cache is a file", whole, file, []string{"it needs 4 MB in " + file, "XDG_CACHE_HOME"}},
		{"no home", whole, "", []string{"XDG_CACHE_HOME"}},
		{"cut off", carried{whole.gzip[:len(whole.gzip)/2], whole.sum}, t.TempDir(), []string{"download the program again"}},
		{"of another sum", carried{whole.gzip, strings.Repeat("0", 64)}, t.TempDir(), []string{"download the program again"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("XDG_CACHE_HOME", tc.cache)
			t.Setenv("HOME", "")
			path, err := tc.c.unpack()
			if err == nil {
				t.Fatalf("unpacked to %s", path)
			}
			for _, w := range tc.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(tc.cache, "semirest/ort/*/*")); len(left) > 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}

// What the user names wins over the library inside; without a name the one inside wins over the cache.
func TestLocateOrder(t *testing.T) {
	old := inside
	t.Cleanup(func() { inside = old })
	inside = carry(t, "\x7fELF inside")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv(EnvLibrary, "")
	dir := t.TempDir()
	named := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("\x7fELF "+name), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	flag, env := named("flag"), named("env")
	path, err := Locate("")
	if err != nil || content(t, path) != "\x7fELF inside" {
		t.Fatal(path, err)
	}
	t.Setenv(EnvLibrary, env)
	if path, err := Locate(""); err != nil || path != env {
		t.Fatal(path, err)
	}
	if path, err := Locate(flag); err != nil || path != flag {
		t.Fatal(path, err)
	}
	// A bad name is an error, never a silent fallback to the library inside.
	if path, err := Locate(filepath.Join(dir, "missing")); err == nil || strings.Contains(err.Error(), "make ort") {
		t.Fatal(path, err)
	}
}
