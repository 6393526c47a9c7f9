//go:build !unix

package workshop

import (
	"io"
	"os"
	"path/filepath"
)

// Lock opens the lock's file; this system's locks are not used.
func Lock(dir string) (io.Closer, error) {
	return os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
}
