package host

import (
	"fmt"

	"github.com/inconshreveable/mousetrap"
)

// HoldWindow keeps the window that a double click opened, so that an error can be read.
func HoldWindow() {
	if mousetrap.StartedByExplorer() {
		fmt.Print("Press Enter to close this window.")
		_, _ = fmt.Scanln()
	}
}
