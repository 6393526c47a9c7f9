// Package plain puts errors into words for people: without the names of packages and types that programmers wrap them
// in, and with every file named once.
//
// Inside the program an error says where it came from ("detect: fit: ..."), which its tests and logs want. Whoever shows
// one to a person passes it through Error; that is the one place where the two kinds of text meet.
package plain

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Names are the packages, this program's and others', whose names begin parts of errors. A part of an error that is only
// such a name is left out.
var Names = strings.Fields(`
	account accounttest annot archive block client coco codecs dataset demo desk detect detector durable evaluation extra fetch format frontend
	graph graphtest heat host journal keep labelme line loop looptest mask memory meter metric nets npy onnx ort outline picture place plain prep project region report settings sink source store supervision
	synth tables tolerant train verdict voc weights web wire workshop yolo convert netstest accuracytest browsertest build bench main
	bmp bufio bzip2 csv flate gob gzip hex image io jpeg json net netip os png proto protobuf sql sqlite strconv tar
	tiff vp8 vp8l webp xml yaml zip zlib fit blob goose bun`)

// Error is an error's text for people. keep are words that stay even where they are a package's name: what was typed on
// the command line.
func Error(err error, keep ...string) string {
	text := err.Error()
	// What other packages say of Go's own types, in words.
	for _, t := range typed(err) {
		text = strings.ReplaceAll(text, t[0], t[1])
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = once(line, keep)
	}
	return strings.Join(lines, "\n")
}

// typed are texts of errors that name Go's types or functions, each with what to say in its place.
func typed(err error) (list [][2]string) {
	walk(err, func(err error) {
		switch e := err.(type) { //nolint:errorlint // walk comes to what is wrapped
		case *json.UnmarshalTypeError:
			what := "a " + e.Value
			if e.Field != "" {
				what = e.Field + " is " + what
			}
			list = append(list, [2]string{e.Error(), fmt.Sprintf("%s, which does not belong there (at byte %d)", what, e.Offset)})
		case *strconv.NumError:
			why := "not a number of the kind that is wanted"
			if errors.Is(e.Err, strconv.ErrRange) {
				why = "out of range"
			}
			list = append(list, [2]string{e.Error(), why})
		}
	})
	return list
}

// walk visits an error and all that it wraps.
func walk(err error, visit func(error)) {
	visit(err)
	switch e := err.(type) { //nolint:errorlint // it is what unwraps
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			walk(inner, visit)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			walk(inner, visit)
		}
	}
}

// verbs begin what the operating system says of a file: "open FILE".
var verbs = []string{"open", "read", "write", "stat", "lstat", "mkdir", "remove", "unlinkat", "rename", "create", "save", "fstat", "readdirent", "load"}

// once leaves out, of the parts of a line between colons, names of packages, parts that were there before, and what only
// names a file again.
func once(line string, keep []string) string {
	var kept []string
	for _, part := range strings.Split(line, ": ") {
		if slices.Contains(Names, part) && !slices.Contains(keep, part) || slices.Contains(kept, part) {
			continue
		}
		if verb, file, ok := strings.Cut(part, " "); ok && slices.Contains(verbs, verb) && named(kept, file) {
			continue
		}
		if slices.ContainsFunc(kept, func(k string) bool { return aboutFile(k, part) || strings.HasSuffix(k, "/"+part) }) {
			continue
		}
		kept = append(kept, spoken(part))
	}
	return strings.Join(kept, ": ")
}

// spoken puts a system call's name in words.
func spoken(part string) string {
	verb, file, ok := strings.Cut(part, " ")
	switch {
	case ok && (verb == "stat" || verb == "lstat" || verb == "fstat" || verb == "readdirent"):
		return file
	case ok && verb == "mkdir":
		return "make the folder " + file
	case ok && verb == "unlinkat":
		return "remove " + file
	}
	return part
}

// named reports whether a part that was kept names the file, as a word of its own.
func named(kept []string, file string) bool {
	return slices.ContainsFunc(kept, func(k string) bool { return aboutFile(k, file) })
}

// aboutFile reports whether part ends with a file's name: "open FILE", "--model FILE".
func aboutFile(part, file string) bool {
	return file != "" && (part == file || strings.HasSuffix(part, " "+file) || strings.HasSuffix(part, "="+file))
}
