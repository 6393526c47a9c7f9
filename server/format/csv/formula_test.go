package csv

import (
	"strings"
	"testing"
)

// TestFormulas: no cell begins as a formula, and none that began with an
// apostrophe loses it.
func TestFormulas(t *testing.T) {
	for _, s := range []string{"=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "＠x", "'", "''", "'=1", "''=1", "a=1", "", `\n`, `\\n`, "a\nb\r"} {
		cell := defuse(s)
		if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") || strings.HasPrefix(cell, "＝") || strings.ContainsAny(cell, "\r\n") {
			t.Errorf("%q became %q", s, cell)
		}
		if back := arm(cell); back != s {
			t.Errorf("%q became %q became %q", s, cell, back)
		}
	}
}
