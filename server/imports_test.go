package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// heavy names the packages that a wasm-linked package must not reach, directly
// or through another, with what each would cost the download.
var heavy = []string{"fmt", "encoding/json", "net/http", "log", "log/slog", "text/template", "regexp"}

// rule is one row of ARCHITECTURE.md's table of imports.
type rule struct {
	wasm            bool
	here, elsewhere []string
}

// rules reads the table of imports out of ARCHITECTURE.md.
func rules(t *testing.T) map[string]rule {
	t.Helper()
	text, err := os.ReadFile("../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## Imports\n")
	if !ok {
		t.Fatal("ARCHITECTURE.md has no section Imports")
	}
	table := make(map[string]rule)
	row := regexp.MustCompile(`(?m)^\| ((?:shared|wasm|frontend|models|server)[a-z/]*)( \*wasm\*)? \|([^|]*)\|([^|]*)\|`)
	for _, m := range row.FindAllStringSubmatch(section, -1) {
		table[m[1]] = rule{wasm: m[2] != "", here: strings.Fields(m[3]), elsewhere: strings.Fields(m[4])}
	}
	if len(table) < 10 {
		t.Fatalf("read only %d rows of the table of imports", len(table))
	}
	return table
}

// list runs go list with a template of two columns and returns the second,
// split, by the first. The import path of this module is cut off.
func list(t *testing.T, js bool, template string, patterns ...string) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-f", template}, patterns...)...)
	cmd.Dir = ".."
	cmd.Env = os.Environ()
	if js {
		cmd.Env = append(cmd.Env, "GOOS=js", "GOARCH=wasm")
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := make(map[string][]string)
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		found[strings.TrimPrefix(fields[0], "semirest/")] = fields[1:]
	}
	return found
}

// allowed tells whether path is one of the entries, or below one of them. An
// entry that ends in a slash allows everything below it only.
func allowed(path string, entries []string) bool {
	return slices.ContainsFunc(entries, func(e string) bool {
		return path == e || strings.HasPrefix(path, strings.TrimSuffix(e, "/")+"/")
	})
}

func TestImportsFollowTheTable(t *testing.T) {
	table := rules(t)
	const direct = `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`
	check := func(packages map[string][]string) {
		for pkg, imports := range packages {
			r, ok := table[pkg]
			if !ok {
				t.Errorf("package %s has no row in ARCHITECTURE.md's table of imports", pkg)
				continue
			}
			for _, path := range imports {
				first, _, _ := strings.Cut(path, "/")
				inner, here := strings.CutPrefix(path, "semirest/")
				switch {
				case here && !allowed(inner, r.here):
					t.Errorf("%s imports %s: ARCHITECTURE.md allows %v", pkg, inner, r.here)
				case !here && strings.Contains(first, ".") && !allowed(path, r.elsewhere):
					t.Errorf("%s imports %s: ARCHITECTURE.md allows %v", pkg, path, r.elsewhere)
				}
			}
		}
	}
	check(list(t, false, direct, "./..."))
	check(list(t, true, direct, "./shared/...", "./wasm/..."))
}

func TestTableHasNoDeadRows(t *testing.T) {
	have := list(t, false, `{{.ImportPath}}`, "./...")
	for pkg := range list(t, true, `{{.ImportPath}}`, "./wasm/...") {
		have[pkg] = nil
	}
	for pkg := range rules(t) {
		if _, ok := have[pkg]; !ok {
			t.Errorf("ARCHITECTURE.md's table of imports has a row for %s, which does not exist", pkg)
		}
	}
}

// The client's size is a promise to people on slow lines: what it links is
// looked at with all its dependencies.
func TestClientStaysLight(t *testing.T) {
	deps := list(t, true, `{{.ImportPath}}{{range .Deps}} {{.}}{{end}}`, "./shared/...", "./wasm/...")
	for pkg, r := range rules(t) {
		if !r.wasm {
			continue
		}
		for _, path := range deps[pkg] {
			if slices.Contains(heavy, path) {
				t.Errorf("%s reaches %s", pkg, path)
			}
		}
	}
}

// The packages whose use is confined to one place, so that nothing else has to
// be read to know how they are used.
func TestConfinedPackages(t *testing.T) {
	const direct = `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`
	for pkg, imports := range list(t, true, direct, "./shared/...", "./wasm/...") {
		if slices.Contains(imports, "syscall/js") && pkg != "wasm" {
			t.Errorf("%s imports syscall/js, which belongs to wasm alone", pkg)
		}
	}
	for pkg, imports := range list(t, false, direct, "./...") {
		if slices.Contains(imports, "C") && pkg != "server/ort" {
			t.Errorf("%s uses cgo, which belongs to server/ort alone", pkg)
		}
	}
}
