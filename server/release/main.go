// Command release builds what people download: one archive a platform, holding
// the program with the page, the backbone and the ONNX Runtime library inside.
//
//	go run ./server/release --zig bin/zig/ziglang/zig --version v1.2.3 [OS/ARCH]...
//
// It leaves in --out:
//
//	semirest-OS-ARCH.tar.gz   (.zip for Windows) the archive
//	stage/OS-ARCH/            what is in it, for the Debian package and the checks
//	SHA256SUMS                as sha256sum -c reads it
//
// Words: a target is a platform with how it is compiled; the stage is the folder
// that becomes the archive. Two builds of one commit have equal bytes, on any
// machine: the compiler and the library are pinned, paths are trimmed, and every
// time is that of the commit ($SOURCE_DATE_EPOCH if it is set).
//
// Whether an archive starts is for server/release/check to say.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	out := flag.String("out", "bin/release", "folder to write to")
	zig := flag.String("zig", "", "the zig program, which compiles and links C for every platform")
	version := flag.String("version", "", "the version to build into the program")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := release(ctx, *out, *zig, *version, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release builds the named platforms, or all.
func release(ctx context.Context, out, zig, version string, platforms []string) error {
	if zig == "" || version == "" {
		return errors.New("--zig and --version are needed; `make release` gives them")
	}
	zig, err := filepath.Abs(zig)
	if err != nil {
		return err
	}
	stamp, err := commitTime(ctx)
	if err != nil {
		return err
	}
	chosen, err := choose(platforms)
	if err != nil {
		return err
	}
	var archives []string
	for _, t := range chosen {
		fmt.Fprintf(os.Stderr, "building %s/%s\n", t.os, t.arch)
		stage := filepath.Join(out, "stage", t.name())
		if err := t.stage(ctx, stage, zig, version, stamp); err != nil {
			return fmt.Errorf("%s: %w", t.name(), err)
		}
		archive := filepath.Join(out, t.archive())
		if err := pack(archive, stage, "semirest", stamp); err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
		archives = append(archives, archive)
	}
	return writeSums(filepath.Join(out, "SHA256SUMS"), archives)
}

// commitTime is the time that everything in a release bears.
func commitTime(ctx context.Context) (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		out, err := exec.CommandContext(ctx, "git", "log", "-1", "--format=%ct").Output()
		if err != nil {
			return time.Time{}, fmt.Errorf("no time of the commit (%w): outside git, set SOURCE_DATE_EPOCH", err)
		}
		text = string(out)
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("the commit's time: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
