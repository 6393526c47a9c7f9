//go:build !windows

package host

// HoldWindow does nothing: other systems keep the window, or show none.
func HoldWindow() {}
