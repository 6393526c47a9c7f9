// Command build makes the page in frontend/dist: the Go client as wasm, the
// TypeScript and the style sheet bundled by esbuild (a Go tool, see go.mod),
// and index.html naming them. Run it from the project's folder:
//
//	go run ./frontend/build
//
// Every file under dist/assets is named by its content's hash and stored as
// brotli (quality 11) and gzip. What is already there under the same name is
// kept, so a second run costs seconds.
//
// Before that it writes what the page's source takes from Go: words.ts, the
// vocabulary, and schema.ts, the types of the server's JSON. Both are committed,
// so that the page can be read and checked without a build; a test fails where
// they differ from what would be written. -source writes them and no more.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	wasm := flag.Bool("wasm", false, "build only the wasm and print its size")
	source := flag.Bool("source", false, "write the generated parts of the page's source alone")
	test := flag.Bool("test", false, "run the tests of frontend/test under node")
	check := flag.Bool("check", false, "build nothing; fail when the wasm in dist is over its budget")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: go run ./frontend/build [-wasm] [-source] [-test] [-check]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	work := func() error { return run(ctx, *wasm, *source, *check) }
	if *test {
		work = func() error { return testPage(ctx) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "frontend/build:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, wasmOnly, sourceOnly, check bool) error {
	root, err := projectRoot(ctx)
	if err != nil {
		return err
	}
	out := dist{dir: filepath.Join(root, "frontend", "dist"), made: map[string]bool{}}
	if check {
		return out.checkBudget()
	}
	if err := generate(root); err != nil || sourceOnly {
		return err
	}
	scratch, err := os.MkdirTemp("", "semirest-page-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)

	wasm, err := compileWasm(ctx, root, scratch)
	if err != nil {
		return err
	}
	names := map[string]string{}
	if names["client.wasm"], err = out.asset(wasm); err != nil {
		return err
	}
	if wasmOnly {
		return nil
	}
	bundled, err := bundle(ctx, root, scratch)
	if err != nil {
		return err
	}
	for _, path := range bundled {
		if names[filepath.Base(path)], err = out.asset(path); err != nil {
			return err
		}
	}
	page, err := os.ReadFile(filepath.Join(root, "frontend", "src", "index.html"))
	if err != nil {
		return err
	}
	text := string(page)
	for name, hashed := range names {
		text = strings.ReplaceAll(text, "{{"+name+"}}", "/assets/"+hashed)
	}
	if at := strings.Index(text, "{{"); at >= 0 {
		return fmt.Errorf("index.html names a file that was not made: %.40q", text[at:])
	}
	if err := out.file("index.html", []byte(text)); err != nil {
		return err
	}
	if err := out.sweep(); err != nil {
		return err
	}
	return out.checkBudget()
}

// generated are the parts of the page's source that are written, by their paths.
var generated = map[string]func(root string) ([]byte, error){
	"frontend/src/go/words.ts": wordsFile,
	"frontend/src/schema.ts":   schemaFile,
}

// generate writes them where they differ.
func generate(root string) error {
	for name, write := range generated {
		text, err := write(root)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		path := filepath.Join(root, filepath.FromSlash(name))
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
			continue
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
		fmt.Println("written anew:", name)
	}
	return nil
}

// projectRoot is the folder of go.mod, whatever folder the command runs in.
func projectRoot(ctx context.Context) (string, error) {
	mod, err := output(ctx, "", "go", "env", "GOMOD")
	if err != nil {
		return "", err
	}
	if filepath.Base(mod) != "go.mod" {
		return "", fmt.Errorf("run this from inside the project's folder")
	}
	return filepath.Dir(mod), nil
}

// compileWasm builds the Go client, small: what a visitor downloads counts
// more than what its colder half takes.
//
//   - Symbols and paths are left out: they would add a third to the download and
//     name the builder's folders.
//   - Functions are not inlined, which saves 40 KB, but for the packages whose
//     loops go over pixels: those would take four times as long.
//   - The runtime goes without variants that pay off on large machines only.
//   - The names of functions go: see blankNames.
func compileWasm(ctx context.Context, root, scratch string) (string, error) {
	path := filepath.Join(scratch, "client.wasm")
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-gcflags=all=-l"}
	for _, hot := range []string{"shared/prep", "shared/heat", "shared/block"} {
		args = append(args, "-gcflags=semirest/"+hot+"=")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", path, "./wasm")...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0",
		"GOEXPERIMENT=nogreenteagc,nosizespecializedmalloc,norandomizedheapbase64,nogoroutineleakprofile,noruntimefreegc")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("compiling ./wasm: %w", err)
	}
	wasm, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if err := blankNames(wasm); err != nil {
		fmt.Println("the client keeps the names of its functions:", err)
		return path, nil
	}
	return path, os.WriteFile(path, wasm, 0o644)
}

// bundle runs esbuild over the page's and the Worker's entry points and the
// style sheet. "wasm_exec" in an import is Go's own loader, taken from the Go
// that compiled the wasm: the two must be of one version.
func bundle(ctx context.Context, root, scratch string) ([]string, error) {
	goroot, err := output(ctx, root, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	src := filepath.Join("frontend", "src")
	err = esbuild(ctx, root, filepath.Join(src, "app.ts"), filepath.Join(src, "go", "worker.ts"), filepath.Join(src, "style", "app.css"),
		"--bundle", "--minify", "--format=iife", "--target=es2022", "--charset=utf8", "--log-level=warning",
		"--tree-shaking=true", "--legal-comments=none", "--external:/icon.svg",
		"--alias:wasm_exec="+filepath.Join(goroot, "lib", "wasm", "wasm_exec.js"),
		"--entry-names=[name]", "--outdir="+scratch)
	if err != nil {
		return nil, err
	}
	icon := filepath.Join(root, src, "icon.svg")
	return []string{filepath.Join(scratch, "app.js"), filepath.Join(scratch, "worker.js"),
		filepath.Join(scratch, "app.css"), icon}, nil
}

// esbuild runs the bundler, which is a Go tool of this module, from the project's folder.
func esbuild(ctx context.Context, root string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"tool", "esbuild"}, args...)...)
	cmd.Dir = root
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("bundling with esbuild: %w", err)
	}
	return nil
}

func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(text)), nil
}
