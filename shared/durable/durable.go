// Package durable writes files that are whole or not there: whatever fails, a full disk
// or a loss of power, a reader finds the old bytes or all of the new ones, never a
// part. The page has no files and does not link it.
package durable

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Replace puts what write produces in place of the file at path: it goes to a
// temporary name beside it, is synced to the disk, and renamed. The file at path need
// not be there, its folder must. After an error, write's own included and wrapped with
// the path, path holds what it held, and the temporary file is gone.
func Replace(path string, write func(io.Writer) error) (err error) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	f, err := create(dir, base)
	if err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("save %s: %w", path, err)
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	// Some file systems write a rename before the bytes: after a loss of power path would
	// name an empty file.
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	syncDir(dir)
	return nil
}

// create opens a new file beside base. os.CreateTemp would make it readable for its
// owner only, and the model with it. A number whose file is there belongs to another
// writer, or to one that was killed.
func create(dir, base string) (*os.File, error) {
	for try := 0; ; try++ {
		name := filepath.Join(dir, fmt.Sprintf(".%s.%d.tmp", base, try))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil || !errors.Is(err, os.ErrExist) || try == 100 {
			if failed := (*os.PathError)(nil); errors.As(err, &failed) {
				err = failed.Err // Replace names the file that was asked for
			}
			return f, err
		}
	}
}

// syncDir makes the rename last. Not every file system can; the file is whole anyway.
func syncDir(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	defer d.Close()
	_ = d.Sync()
}

// Write writes data to a file whole or not at all.
func Write(path string, data []byte) error {
	return Replace(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
