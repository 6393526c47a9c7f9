package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPackIsReproducible(t *testing.T) {
	stamp := time.Unix(1_700_000_000, 0).UTC()
	for _, kind := range []string{"a.tar.gz", "a.zip"} {
		t.Run(kind, func(t *testing.T) {
			var made [2][]byte
			for i, names := range [][]string{{"semirest", "LICENSE"}, {"LICENSE", "semirest"}} {
				dir := t.TempDir()
				for _, n := range names { // another order, other times and modes
					if err := os.WriteFile(filepath.Join(dir, n), []byte(strings.Repeat(n, 1000)), os.FileMode(0o600+i*0o77)); err != nil {
						t.Fatal(err)
					}
					if err := os.Chtimes(filepath.Join(dir, n), time.Time{}, time.Unix(int64(i), 0)); err != nil {
						t.Fatal(err)
					}
				}
				path := filepath.Join(t.TempDir(), kind)
				if err := pack(path, dir, "top", stamp); err != nil {
					t.Fatal(err)
				}
				var err error
				if made[i], err = os.ReadFile(path); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(made[0], made[1]) {
				t.Fatal("equal files made unequal archives")
			}
			got := unpackAll(t, kind, made[0])
			for name, mode := range map[string]os.FileMode{"top/LICENSE": 0o644, "top/semirest": 0o755} {
				if got[name] != mode {
					t.Errorf("%s has mode %v, want %v", name, got[name], mode)
				}
			}
		})
	}
}

// unpackAll reads an archive's names and modes.
func unpackAll(t *testing.T, kind string, data []byte) map[string]os.FileMode {
	t.Helper()
	got := make(map[string]os.FileMode)
	if strings.HasSuffix(kind, ".zip") {
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			got[f.Name] = f.Mode()
		}
		return got
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(z)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		got[h.Name] = h.FileInfo().Mode()
	}
}

func TestLicences(t *testing.T) {
	dir := t.TempDir()
	if _, err := licencesIn(dir); err == nil {
		t.Error("a folder without a licence was taken")
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("LICENSE", "GNU GENERAL PUBLIC LICENSE")
	if _, err := licencesIn(dir); err == nil {
		t.Error("a licence that nobody has read was taken")
	}
	// The first words of a font's licence are MIT's.
	write("LICENSE", "SIL OPEN FONT LICENSE\nPermission is hereby granted, free of charge, to any person obtaining a copy of the Font Software")
	write("NOTICE.txt", "written by somebody")
	write("licence_test.go", "package x")
	list, err := licencesIn(dir)
	if err != nil || len(list) != 2 || list[0].id != "OFL-1.1" || list[1].id != "" {
		t.Errorf("%v, %v", list, err)
	}
	text := string(licenceText([]part{{name: "a", licences: list}, {name: "b", licences: list[:1]}}))
	if strings.Count(text, "Font Software") != 1 || !strings.Contains(text, "a \nb \n") || !strings.Contains(text, "written by somebody") {
		t.Error(text)
	}
}

func TestChoose(t *testing.T) {
	if all, err := choose(nil); err != nil || len(all) != len(targets) {
		t.Error(all, err)
	}
	if one, err := choose([]string{"windows/amd64"}); err != nil || len(one) != 1 || one[0].archive() != "semirest-windows-amd64.zip" {
		t.Error(one, err)
	}
	if _, err := choose([]string{"plan9/386"}); err == nil {
		t.Error("an unknown platform was taken")
	}
}
