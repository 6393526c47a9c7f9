package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// examples are the lines of a page that call the program, without their comments.
func examples(t *testing.T, page string) (lines [][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", page))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if args, ok := strings.CutPrefix(strings.TrimSpace(line), "bin/semirest "); ok {
			lines = append(lines, strings.Fields(args))
		}
	}
	return lines
}

// What README.md and docs/learning.md tell a newcomer to type works, in their order, in an empty folder. Only the sizes
// are a test's: fewer pictures, shorter trainings.
func TestDocumentedCommandsWork(t *testing.T) {
	needRuntime(t)
	lines := append(examples(t, "README.md"), examples(t, "docs/learning.md")...)
	if len(lines) < 10 {
		t.Fatalf("%d examples: the pages are read wrongly", len(lines))
	}
	t.Chdir(t.TempDir())
	for _, args := range lines {
		short := args
		switch args[0] {
		case "demo":
			short = slices.Concat(args, []string{"--surface", "woven-cloth", "--normal", "12"})
		case "train":
			short = slices.Concat(args, []string{"--size", "256", "--bank-rows", "300", "--preset", "fast", "--steps", "4", "--simulated", "4", "--held-out-simulated", "2"})
		case "simulate":
			short = slices.Concat(args, []string{"--size", "256", "--count", "2"})
		case "serve":
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out := &stopAt{text: "SemiREST is at", stop: cancel}
			var log bytes.Buffer
			if code := execute(ctx, append(args, "--addr", "localhost:0", "--projects", "projects"), out, &log); code != 0 || !strings.Contains(out.String(), out.text) {
				t.Fatalf("semirest %s: exit code %d: %s", strings.Join(args, " "), code, log.String())
			}
			continue
		}
		if code, _, log := semirest(t.Context(), short...); code != 0 {
			t.Fatalf("semirest %s: exit code %d: %s", strings.Join(args, " "), code, log)
		}
	}
}

// Every command's help has an example, whose flags and arguments the command takes.
func TestHelpExamplesAreRight(t *testing.T) {
	root, _ := newRootCmd()
	for _, cmd := range root.Commands() {
		if cmd.Example == "" {
			t.Errorf("semirest %s has no example", cmd.Name())
		}
		for line := range strings.Lines(cmd.Example) {
			fresh, _ := newRootCmd()
			args := strings.Fields(line)
			called, rest, err := fresh.Traverse(args[1:])
			if err == nil && called.Runnable() {
				err = takes(called, rest)
			}
			if args[0] != "semirest" || err != nil || called == fresh {
				t.Errorf("semirest %s: the example %q: %v", cmd.Name(), strings.TrimSpace(line), err)
			}
		}
	}
}

// takes reports what is wrong with a command's arguments.
func takes(cmd *cobra.Command, args []string) error {
	if err := cmd.ParseFlags(args); err != nil {
		return err
	}
	if err := cmd.ValidateRequiredFlags(); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}
