package ort

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The library leaves nothing in the user's folders and has nothing to send: ONNX
// Runtime 1.30 does both unless it is told not to before it is loaded.
func TestLibraryKeepsNoAccountOfItsUse(t *testing.T) {
	if home := os.Getenv("SEMIREST_TEST_LOAD"); home != "" {
		if err := Init(os.Getenv("SEMIREST_TEST_LIBRARY")); err != nil {
			t.Fatal(err)
		}
		return
	}
	library(t)
	home := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestLibraryKeepsNoAccountOfItsUse$")
	cmd.Env = []string{"HOME=" + home, "SEMIREST_TEST_LOAD=" + home, "SEMIREST_TEST_LIBRARY=" + loaded.path}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	err := filepath.WalkDir(home, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			t.Errorf("the library wrote %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
