package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/andybalholm/brotli"
)

func TestAssetsAreHashedAndPacked(t *testing.T) {
	src, out := t.TempDir(), dist{dir: t.TempDir(), made: map[string]bool{}}
	path := filepath.Join(src, "client.wasm")
	data := bytes.Repeat([]byte("wasm "), 1000)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	name, err := out.asset(path)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^client-[a-z2-7]{10}\.wasm$`).MatchString(name) {
		t.Errorf("name %q", name)
	}
	packed, err := os.ReadFile(filepath.Join(out.dir, "assets", name+".br"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(brotli.NewReader(bytes.NewReader(packed)))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("unpacked %d bytes, %v", len(got), err)
	}
	if err := out.checkBudget(); err != nil {
		t.Error(err)
	}
	// What this run did not make goes; the placeholder stays.
	for _, old := range []string{"placeholder.html", "assets/old.js.br"} {
		if err := os.WriteFile(filepath.Join(out.dir, old), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.sweep(); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]bool{"placeholder.html": true, "assets/old.js.br": false, "assets/" + name + ".gz": true} {
		if _, err := os.Stat(filepath.Join(out.dir, file)); (err == nil) != want {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestBudgetIsKept(t *testing.T) {
	src, out := t.TempDir(), dist{dir: t.TempDir(), made: map[string]bool{}}
	if err := out.checkBudget(); err == nil {
		t.Error("no wasm at all passed")
	}
	noise := make([]byte, WasmBudget+1000) // does not compress
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	path := filepath.Join(src, "client.wasm")
	if err := os.WriteFile(path, noise, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := out.asset(path); err != nil {
		t.Fatal(err)
	}
	if err := out.checkBudget(); err == nil {
		t.Error("a wasm over the budget passed")
	}
}
