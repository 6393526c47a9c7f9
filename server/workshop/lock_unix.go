//go:build unix

package workshop

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// Lock keeps a second server out of a folder of projects. The lock ends with the process, however that ends.
func Lock(dir string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		f.Close()
		return nil, fmt.Errorf("another server works with the projects in %s; stop it, or choose another folder with --projects", dir)
	}
	if err != nil {
		// A file system without locks, such as some network folders.
		return f, nil //nolint:nilerr // to work without the guard is better than not to work
	}
	return f, nil
}
