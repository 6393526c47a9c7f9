package account

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// ReadPassword reads a password from the first line of a file, of in where file is "-" or in is no terminal, or else
// twice from the terminal in without showing it; prompts go to out.
func ReadPassword(ctx context.Context, in io.Reader, out io.Writer, file string) (string, error) {
	if file != "" && file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("--password-file: %w", err)
		}
		defer f.Close()
		return firstLine(f, "--password-file "+file)
	}
	terminal, ok := in.(*os.File)
	if file == "-" || !ok || !term.IsTerminal(int(terminal.Fd())) {
		return firstLine(in, "standard input")
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Once more: "} {
		fmt.Fprint(out, prompt)
		var err error
		typed[i], err = typePassword(ctx, terminal)
		fmt.Fprintln(out)
		if err != nil {
			return "", err
		}
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return typed[0], nil
}

// typePassword reads a line of a terminal without echo. When ctx ends, as by Ctrl-C, the terminal shows again what is
// typed; the read that still waits ends with the program.
func typePassword(ctx context.Context, terminal *os.File) (string, error) {
	fd := int(terminal.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("terminal: %w", err)
	}
	type result struct {
		line []byte
		err  error
	}
	read := make(chan result, 1)
	go func() {
		line, err := term.ReadPassword(fd)
		read <- result{line, err}
	}()
	select {
	case r := <-read:
		return string(r.line), r.err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	}
}

// firstLine reads a password that something else wrote.
func firstLine(r io.Reader, what string) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 1<<16)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", fmt.Errorf("%s holds no password: its first line is empty", what)
	}
	return line, nil
}
