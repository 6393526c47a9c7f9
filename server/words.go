package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"semirest/server/detect"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// stopped is what is said of a command that Ctrl-C ended: what there is to go on with. A command that leaves nothing
// returns its context's error, and main says so.
func stopped(left string) error { return fmt.Errorf("stopped; %s", left) }

// forceFlag adds --force, without which no file is written over.
func forceFlag(f *pflag.FlagSet, force *bool) {
	f.BoolVar(force, "force", false, "write over what is there already")
}

// fresh refuses a file or folder that is there already, unless forced.
func fresh(path string, force bool) error {
	if _, err := os.Stat(path); err == nil && !force {
		return usagef("%s is there already: give another name, or --force to write over it", path)
	}
	return nil
}

// sized names a file that was written, with its size.
func sized(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return path
	}
	return fmt.Sprintf("%s (%.1f MB)", path, float64(info.Size())/1e6)
}

// some names the first of a list and counts the rest.
func some(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return fmt.Sprintf("%s and %d more", list[0], len(list)-1)
}

// warnOf says where a detector was made of too few pictures.
func warnOf(w io.Writer, m *detect.Model) {
	for _, d := range m.Doubts() {
		fmt.Fprintln(w, "warning:", d)
	}
}

// typed is the root command's annotation that holds what was typed.
const typed = "typed"

// commandLine is what was typed, for a model's provenance, and to go on with.
func commandLine(cmd *cobra.Command) string { return cmd.Root().Annotations[typed] }

// typedLine is a command line as a shell takes it.
func typedLine(args []string) string {
	line := "semirest"
	for _, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\n\"'$&;|<>()*?[]{}~#\\`!") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		line += " " + a
	}
	return line
}
