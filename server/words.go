package main

import (
	"fmt"
	"io"

	"semirest/server/detect"
)

// stopped is what is said of a command that Ctrl-C ended: what there is to go on with. A command that leaves nothing
// returns its context's error, and main says so.
func stopped(left string) error { return fmt.Errorf("stopped; %s", left) }

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
