package project

import "testing"

func TestNumbersFitABrowsers(t *testing.T) {
	seen := map[uint64]bool{}
	for _, id := range []ID{"aaaaaaaaaaaaaaaa", "7777777777777777", "baaaaaaaaaaaaaaa", "abaaaaaaaaaaaaaa", ""} {
		n := id.Number()
		if n >= 1<<53 || seen[n] && id != "" {
			t.Errorf("%s is %d", id, n)
		}
		seen[n] = true
	}
}

func TestDetectorNames(t *testing.T) {
	for name, want := range map[string]ID{DetectorName("abcdefghijklmnop"): "abcdefghijklmnop", "brushed-metal": "", "projects/a": ""} {
		if got, ok := OfDetector(name); ok != (want != "") || ok && got != want {
			t.Errorf("%s is of %q, %v", name, got, ok)
		}
	}
}
