package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// testPage bundles the tests in frontend/test, each with what it imports, and has
// node's own test runner run them: TypeScript and all, without a package from
// anywhere.
func testPage(ctx context.Context) error {
	root, err := projectRoot(ctx)
	if err != nil {
		return err
	}
	tests, err := filepath.Glob(filepath.Join(root, "frontend", "test", "*.test.ts"))
	if err != nil {
		return err
	}
	if len(tests) == 0 {
		return errors.New("there are no tests in frontend/test")
	}
	scratch, err := os.MkdirTemp("", "semirest-test-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	err = esbuild(ctx, root, append([]string{"--bundle", "--platform=node", "--format=cjs", "--sourcemap=inline", "--log-level=warning",
		"--out-extension:.js=.cjs", "--outdir=" + scratch}, tests...)...)
	if err != nil {
		return err
	}
	made, err := filepath.Glob(filepath.Join(scratch, "*.cjs"))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "node", append([]string{"--enable-source-maps", "--test-reporter=spec", "--test"}, made...)...)
	cmd.Dir = root
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("tests of the page: %w", err)
	}
	return nil
}
