package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// embed puts into dir/OS_ARCH what a program with the library inside is built
// of (tag embedort, server/ort/embed_*.go) and returns that folder:
//
//	library.gz              the library, compressed to the same bytes every time
//	library.sha256          the library's own checksum
//	library.version         ONNX Runtime's version
//	LICENSE                 ONNX Runtime's licence
//	ThirdPartyNotices.txt   those of what is inside it
//
// Only the first source will do: two releases of one commit have equal bytes.
func embed(ctx context.Context, dir, platform string) (string, error) {
	if len(processor[platform]) == 0 {
		return "", fmt.Errorf("no pinned library for %q: give one of linux/amd64, linux/arm64, darwin/arm64, windows/amd64", platform)
	}
	s := processor[platform][0]
	library := s.files[0]
	s.files = append([]file{library}, terms(platform)...)
	dir = filepath.Join(dir, strings.ReplaceAll(platform, "/", "_"))
	path, ok := installed(dir, []source{s})
	if !ok {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		if err := s.install(ctx, dir); err != nil {
			return "", fmt.Errorf("ONNX Runtime %s for %s could not be fetched (%s: %w)", Version, platform, s.client, err)
		}
		path = filepath.Join(dir, library.as)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := z.Write(data); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	for name, data := range map[string][]byte{"gz": b.Bytes(), "sha256": []byte(library.sha256 + "\n"), "version": []byte(Version + "\n")} {
		if err := os.WriteFile(filepath.Join(dir, "library."+name), data, 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}
