package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"semirest/server/plain"
)

// goish is text that only programmers understand: types and functions of packages, verbs of fmt that failed.
var goish = regexp.MustCompile(`\b[a-z0-9]+\.[A-Z]\w+|Go value|Go struct|%!|\bnil\b|goroutine|0x[0-9a-f]{6}`)

// TestFailuresAreInPlainWords walks typical failures of every command: no error names a package or a type of Go, or a
// file twice.
func TestFailuresAreInPlainWords(t *testing.T) {
	needRuntime(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	none, text := filepath.Join(dir, "none.file"), file("text.safetensors", "no model at all")
	empty, out := filepath.Join(dir, "empty"), filepath.Join(dir, "out")
	bad := filepath.Dir(file("bad/a.png", "no picture"))
	file("bad/b.png", "no picture")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "cloth")
	if err := writeMVTec(data); err != nil {
		t.Fatal(err)
	}
	hole := filepath.Join(data, "test", "hole", "114.png")
	numbers, boxes, split := file("scores.npy", "\x93NUMPY"), file("boxes.json", `{"images": "none"}`), file("split.json", `{"train_good": 3}`)
	notFolder := filepath.Join(text, "below")
	train := func(more ...string) []string {
		return append([]string{"train", "--data", data, "--out", filepath.Join(dir, "m.safetensors"), "--size", "256", "--supervision"}, more...)
	}
	walked := map[string]bool{}
	for _, args := range [][]string{
		{"train"}, {"train", "--data", none, "--out", out}, {"train", "--data", text, "--out", out}, {"train", "--data", empty, "--out", out},
		{"train", "--data", bad, "--out", out, "--supervision", "none"}, {"train", "--data", data, "--out", notFolder},
		{"train", "--data", data, "--out", out, "--split", split}, {"train", "--data", data, "--out", out, "--split", none},
		train("none", "--size", "big"), train("none", "--size", "250"), train("none", "--seed", "-1"), train("some"), train("none", "--hold-out", "2"),
		train("none", "--backbone-weights", text), train("none", "--backbone-weights", none), train("none", "--backbone", "resnet"), train("none", "--tile", "100"),
		train("none", "--ort-lib", none), train("none", "--ort-lib", text), train("none", "--device", "gpu"), train("none", "--profile", "thin"),
		train("sup", "--labels", none), train("semi", "--labels", boxes), train("sup", "--labels", empty), train("sup", "--labels", none, "--labels-format", "coco"),
		train("sup", "--labels", boxes, "--labels-format", "coco"), train("sup", "--labels", text, "--labels-format", "voc"), train("sup", "--labels", data, "--labels-format", "yolo"),
		train("sup", "--defects", "50"), train("un", "--init", none), train("un", "--init", text), train("un", "--textures", none), train("un", "--textures", bad),
		train("un", "--work", notFolder), train("un", "--bagging", "some"), train("un", "--steps", "1e9x"), train("none", "--bank-rows", "1", "--bank-fraction", "1"),
		{"eval"}, {"eval", "--model", none, "--data", data}, {"eval", "--model", text, "--data", data},
		{"score"}, {"score", "--model", none, "--out", out, hole}, {"score", "--model", text, "--out", out, hole}, {"score", "--model", text, "--out", out, none},
		{"score", "--model", text, "--out", out, "--table", "a.xml", hole}, {"score", "--model", text, "--out", out, empty},
		{"export"}, {"export", "--model", none, "--out", out}, {"export", "--model", text, "--out", out}, {"export", "--model", text},
		{"info"}, {"info", none}, {"info", text}, {"info", empty},
		{"features"}, {"features", none, "--out", out}, {"features", filepath.Join(bad, "a.png"), "--out", out}, {"features", "--input", numbers, "--out", out},
		{"features", "--input", none, "--out", out}, {"features", hole, "--out", notFolder, "--size", "256"}, {"features", hole, "--out", out, "--backbone", "vgg"},
		{"metrics"}, {"metrics", "--scores", none, "--masks", none}, {"metrics", "--scores", numbers, "--masks", numbers}, {"metrics", "--scores", hole, "--masks", hole},
		{"simulate"}, {"simulate", "--data", none, "--out", out}, {"simulate", "--data", bad, "--out", out}, {"simulate", "--data", data, "--out", text},
		{"simulate", "--data", data, "--out", out, "--foreground", "sky"}, {"simulate", "--data", data, "--out", out, "--count", "-1"}, {"simulate", "--data", bad, "--out", out, "--paste", "1"},
		{"ablate"}, {"ablate", "--data", none, "--out", out}, {"ablate", "--data", bad, "--out", out}, {"ablate", "--data", data, "--out", text}, {"ablate", "--data", data, "--out", out, "--only", "none such"},
		{"user", "add"}, {"user", "add", "<x>", "--projects", dir}, {"user", "passwd", "nobody", "--projects", dir, "--password-file", none}, {"user", "add", "anna", "--projects", dir, "--password-file", none},
		{"user", "delete", "nobody", "--projects", dir}, {"user", "block", "nobody", "--projects", text}, {"user", "list", "--projects", notFolder},
		{"report", "--projects", none}, {"report", "--projects", text}, {"report", "--projects", dir, "--project", "bottles", "--out", out},
		{"serve", "--model", none}, {"serve", "--model", text}, {"serve", "--addr", "nowhere"}, {"serve", "--queue", "0"}, {"serve", "--log-level", "loud"},
		{"serve", "--trust-proxy", "proxy"}, {"serve", "--user-gib", "none"}, {"serve", "--addr", "localhost:0", "--projects", text},
		{"bench", "--model", none}, {"bench", "--runs", "0"}, {"bench", "--model", text}, {"bench", "--rate", "fast"},
		{"backup"}, {"backup", out, "--projects", none}, {"backup", out, "--projects", text}, {"backup", notFolder, "--projects", none},
		{"restore"}, {"restore", none, "--projects", out}, {"restore", text, "--projects", out}, {"restore", empty, "--projects", out}, {"restore", text, "--projects", bad},
		{"project", "list", "--projects", none}, {"project", "export", "bottles", "--projects", none, "--out", out}, {"project", "import", none, "--projects", text},
		{"project", "delete", "bottles", "--projects", none}, {"config", "please"}, {"config", "--config", none}, {"config", "--config", text},
		{"watch"}, {"watch", "--model", none, "--to", out, empty}, {"watch", "--model", text, "--to", out, empty}, {"watch", "--model", text, "--to", "ftp://there", empty},
		{"data", "check"}, {"data", "check", none}, {"data", "check", text}, {"data", "check", empty}, {"data", "check", data, "--split", split}, {"demo"}, {"demo", "--out", text}, {"demo", "--out", out, "--surface", "wood"}, {"demo", "--out", out, "--each", "0"}, {"health", "--addr", "localhost:1"}, {"health", "please"}, {"version", "please"}, {"help", "me"}, {"vers"}, {"train", "--dta", data},
	} {
		walked[args[0]] = true
		code, _, log := semirest(t.Context(), args...)
		if code == 0 && args[0] != "help" { // help of an unknown command is help
			t.Errorf("semirest %q succeeds", args)
			continue
		}
		for line := range strings.SplitSeq(strings.TrimSpace(log), "\n") {
			line = strings.TrimPrefix(line, "semirest: ")
			if bad := goish.FindString(line); bad != "" {
				t.Errorf("semirest %q speaks Go, %q: %s", args, bad, line)
			}
			for _, part := range strings.Split(line, ": ") {
				if slices.Contains(plain.Names, part) {
					t.Errorf("semirest %q names package %s: %s", args, part, line)
				}
			}
			for _, path := range []string{none, text, bad, empty, notFolder, numbers, boxes, split, hole} {
				rest := strings.ReplaceAll(line, path+string(filepath.Separator), "")
				if strings.Count(rest, path) > 1 {
					t.Errorf("semirest %q names %s twice: %s", args, path, line)
				}
			}
		}
	}
	root, _ := newRootCmd()
	for _, cmd := range root.Commands() {
		if !walked[cmd.Name()] {
			t.Errorf("no failure of semirest %s was walked", cmd.Name())
		}
	}
}

// A back-quoted word in a flag's help is taken for the name of its value.
func TestHelpWithoutBackQuotes(t *testing.T) {
	root, _ := newRootCmd()
	for _, cmd := range append(root.Commands(), subCommands(root)...) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if strings.Contains(f.Usage, "`") {
				t.Errorf("semirest %s --%s: %s", cmd.Name(), f.Name, f.Usage)
			}
		})
	}
	if out := succeed(t, "--version"); !strings.Contains(out, "semirest") || !strings.Contains(out, version) {
		t.Errorf("--version prints %q", out)
	}
}

func subCommands(root *cobra.Command) (list []*cobra.Command) {
	for _, cmd := range root.Commands() {
		list = append(list, cmd.Commands()...)
	}
	return list
}
