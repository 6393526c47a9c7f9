package keep

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"semirest/server/store"
)

// Restore makes a folder of projects of a backup. The folder must be empty or not there: what
// is there is never mixed with a backup nor lost. It becomes whole or stays what it was. The
// database is held against its checksum, every file against its name. A backup of an older
// version is brought up to this one; of a newer, it is store.ErrNewer.
func Restore(ctx context.Context, from, dir string, progress func(done, total int)) (manifest, error) {
	if entries, err := os.ReadDir(dir); len(entries) > 0 {
		return manifest{}, usagef("%s is not empty: move it away first, or name another folder with --projects", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return manifest{}, err
	}
	root, closing, err := openBackup(from)
	if err != nil {
		return manifest{}, err
	}
	defer closing()
	m, err := readManifest(root)
	if err != nil {
		return m, fmt.Errorf("%s: %w", from, err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return m, err
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), ".semirest-restore-*")
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(work)
	if err := fillFrom(ctx, root, m, work, progress); err != nil {
		return m, fmt.Errorf("%s: %w", from, err)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	return m, os.Rename(work, dir)
}

// openBackup opens a folder or a zip.
func openBackup(from string) (fs.FS, func() error, error) {
	info, err := os.Stat(from)
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		return os.DirFS(from), func() error { return nil }, nil
	}
	z, err := zip.OpenReader(from)
	if err != nil {
		return nil, nil, fmt.Errorf("%s is neither a folder nor a zip that can be read: %w", from, err)
	}
	return z, z.Close, nil
}

// fillFrom makes a folder of projects of an opened backup.
func fillFrom(ctx context.Context, root fs.FS, m manifest, dir string, progress func(done, total int)) (err error) {
	database := filepath.Join(dir, databaseName)
	if err := take(root, databaseName, database, m.Database); err != nil {
		return err
	}
	blobs, err := store.Named(ctx, database)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, database, filepath.Join(dir, filesName))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for i, sha := range blobs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if slices.Contains(m.Damaged, sha) {
			continue
		}
		name, err := blobName(sha)
		if err != nil {
			return err
		}
		f, err := root.Open(name)
		if err != nil {
			return fmt.Errorf("a file is missing: %w", err)
		}
		got, _, err := s.PutBlob(ctx, f)
		err = errors.Join(err, f.Close())
		if err == nil && got != sha {
			err = fmt.Errorf("%s is damaged", name)
		}
		if err != nil {
			return err
		}
		progress(i+1, len(blobs))
	}
	return nil
}

// take copies one file out of a backup and holds it against its checksum.
func take(root fs.FS, name, to, sum string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	err = private(to, func(w io.Writer) error {
		_, err := io.Copy(io.MultiWriter(w, h), f)
		return err
	})
	if err == nil && hex.EncodeToString(h.Sum(nil)) != sum {
		err = fmt.Errorf("%s is damaged", name)
	}
	return err
}
