package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every test that docs/reliability.md names is there.
func TestReliabilityNamesTests(t *testing.T) {
	text, err := os.ReadFile("../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(string(text), -1)
	if len(names) < 15 {
		t.Fatalf("%d tests are named", len(names))
	}
	found, err := exec.Command("git", "grep", "-h", "-o", "-E", "^func Test[A-Za-z0-9]+", "--", ":/*_test.go").Output()
	if err != nil {
		t.Skipf("no list of tests: %v", err) // not a checkout
	}
	there := strings.Fields(strings.ReplaceAll(string(found), "func ", ""))
	for _, m := range names {
		if !slices.Contains(there, m[1]) {
			t.Errorf("docs/reliability.md names %s, which is no test", m[1])
		}
	}
}
