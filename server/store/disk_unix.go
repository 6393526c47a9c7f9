//go:build linux || darwin

package store

import "syscall"

// diskSpace is what a folder's disk has left for this user, and its size, in bytes.
func diskSpace(dir string) (free, size int64, ok bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0, false
	}
	block := int64(s.Bsize) //nolint:unconvert // of another type on other systems
	return int64(s.Bavail) * block, int64(s.Blocks) * block, true
}
