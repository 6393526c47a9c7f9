package store

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// SQLite is C turned into Go for one version of modernc.org/libc, and its authors ask that it be built with that one and
// no other: a newer one, which another module may ask for, was tested by nobody.
func TestSQLiteHasTheLibraryItWasMadeFor(t *testing.T) {
	ask := func(what, of string) string {
		out, err := exec.Command("go", "list", "-m", "-f", what, of).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		return strings.TrimSpace(string(out))
	}
	text, err := os.ReadFile(ask("{{.GoMod}}", "modernc.org/sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`modernc\.org/libc (v\S+)`).FindSubmatch(text)
	if want == nil {
		t.Fatal("modernc.org/sqlite names no version of modernc.org/libc")
	}
	if got := ask("{{.Version}}", "modernc.org/libc"); got != string(want[1]) {
		t.Errorf("modernc.org/libc is %s, modernc.org/sqlite was made for %s", got, want[1])
	}
}
