// Command semirest finds surface defects in pictures of industrial parts: it
// fits detectors on normal pictures, measures them, scores pictures, and serves
// the page that inspectors use. All wiring of the packages is here; one command
// is one file.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"semirest/server/detect"
	"semirest/server/host"
	"semirest/server/keep"
	"semirest/server/plain"
)

// Exit codes of the program.
const (
	exitFailure = 1 // the command was right and could not be done
	exitUsage   = 2 // the command itself was wrong
)

// usageError marks an error about how the command was called.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// usagef is fmt.Errorf for a usageError.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	code := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if code != 0 {
		host.HoldWindow()
	}
	os.Exit(code)
}

// execute runs the command line and returns the exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		args = []string{"serve", "--open"} // a double click
	}
	root, begun := newRootCmd()
	root.SetArgs(args)
	root.Annotations = map[string]string{typed: typedLine(args)}
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("stopped; nothing was written")
	}
	fmt.Fprintln(stderr, "semirest:", plain.Error(err, args[min(1, len(args)):]...))
	var wrong usageError
	if !*begun || errors.As(err, &wrong) || errors.Is(err, detect.ErrSettings) || errors.Is(err, keep.ErrUsage) {
		return exitUsage
	}
	return exitFailure
}
