package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// licence is one file of a part's terms.
type licence struct {
	id   string // as SPDX names it; "" for notices of what is inside the part
	text string
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]es?|copying|copyright|unlicense|notice|thirdpartynotices)([-.].*)?$`)

// licencesIn reads the files of terms in a folder. No known licence is an error:
// somebody has to read that one before it is shipped.
func licencesIn(dir string) (list []licence, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	known := false
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		id := identify(string(text))
		known = known || id != ""
		list = append(list, licence{id, string(text)})
	}
	if !known {
		return nil, fmt.Errorf("no licence that this program knows in %s: read it, and teach server/release/licences.go", dir)
	}
	return list, nil
}

// identify names a licence by the sentence that only it has. Notices give "".
func identify(text string) string {
	words := strings.Join(strings.Fields(text), " ")
	has := func(s string) bool { return strings.Contains(words, s) }
	switch {
	case len(words) > 100_000: // the notices of a large part
		return ""
	case has("Apache License Version 2.0"):
		return "Apache-2.0"
	case has("Mozilla Public License"):
		return "MPL-2.0"
	case has("Zope Public License (ZPL) Version 2.1"):
		return "ZPL-2.1"
	case has("SIL OPEN FONT LICENSE"): // before MIT, whose first words it has
		return "OFL-1.1"
	case has("Creative Commons Attribution 4.0"):
		return "CC-BY-4.0"
	case has("Permission is hereby granted, free of charge"):
		return "MIT"
	case has("Permission to use, copy, modify, and/or distribute this software for any purpose"),
		has("Permission to use, copy, modify, and distribute this software for any purpose"):
		return "ISC"
	case has("Redistribution and use in source and binary forms"):
		if has("Neither the name") || has("names of its contributors") || has("name of the author may not") || has("may not be used to endorse") {
			return "BSD-3-Clause"
		}
		return "BSD-2-Clause"
	case has("The FreeType License") || has("FreeType Project LICENSE") || has("Freetype License"):
		return "FTL"
	case has("This is free and unencumbered software"):
		return "Unlicense"
	}
	return ""
}

// licenceText is the file that goes with the program: each text once, under the
// names of all parts that it is for.
func licenceText(parts []part) []byte {
	var order []string
	names := make(map[string][]string)
	for _, p := range parts {
		for _, l := range p.licences {
			text := strings.TrimSpace(strings.ReplaceAll(l.text, "\r\n", "\n"))
			if names[text] == nil {
				order = append(order, text)
			}
			names[text] = append(names[text], p.name+" "+p.version)
		}
	}
	var b bytes.Buffer
	b.WriteString("What is inside this program besides its own code (see LICENSE), and on what terms.\n")
	for _, text := range order {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 100), strings.Join(names[text], "\n"), text)
	}
	return b.Bytes()
}
