package host

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/cli/browser"
)

// OpenPage shows the page in the user's browser, where there is a screen for it; a
// failure is told, with the address, and never stops the server.
func OpenPage(out io.Writer, address string) {
	if !hasScreen(runtime.GOOS, os.Getenv) {
		return // the address has been printed
	}
	browser.Stdout, browser.Stderr = io.Discard, io.Discard // the browser's own chatter
	go func() {                                             // some systems' openers return when the browser ends
		if err := browser.OpenURL(address); err != nil {
			fmt.Fprintf(out, "No browser could be opened (%v): open %s yourself.\n", err, address)
		}
	}()
}

// hasScreen tells whether a browser would be seen. On Linux and its like a screen
// has a name in the environment; over ssh, a browser would open on another
// machine's screen, or on none.
func hasScreen(system string, env func(string) string) bool {
	if env("SSH_CONNECTION") != "" {
		return false
	}
	return system == "windows" || system == "darwin" || env("DISPLAY") != "" || env("WAYLAND_DISPLAY") != ""
}
