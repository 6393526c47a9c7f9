package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"semirest/server/dataset"
	"semirest/server/evaluation"
	"semirest/server/format"
	"semirest/server/picture"
	"semirest/server/train"
	"semirest/shared/prep"
)

// formatNames lists the formats of --labels-format.
func formatNames() string {
	var names []string
	for _, f := range format.Formats() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// readFormat takes labels of test pictures in another program's format: a folder, a
// zip, or one file. Pictures of which nothing is labelled as a defect are left out.
func (p *trainingPictures) readFormat(ctx context.Context, set *dataset.Set, path, name string, warn io.Writer) error {
	fail := func(err error) error { return fmt.Errorf("--labels %s: %w", path, err) }
	byName := map[string]dataset.Item{}
	var known []format.Known
	for _, item := range set.Test {
		size, err := picture.FileSize(item.Path, prep.DefaultLimits)
		if err != nil {
			return fail(err)
		}
		byName[item.Name] = item
		known = append(known, format.Known{ID: item.Name, Name: filepath.Base(item.Path), Kind: item.Kind, Width: size.W, Height: size.H})
	}
	o := format.Options{Known: known, Warn: func(w format.Warning) { fmt.Fprintln(warn, "labels:", w.Text, "first:", w.First) }}
	items, closeLabels, err := openLabels(ctx, path, name, o)
	if err != nil {
		return fail(err)
	}
	defer closeLabels()
	p.given = map[string]train.Defect{}
	for it, err := range items {
		if err != nil {
			return fail(err)
		}
		item, ok := byName[it.ID]
		if it.Labels == nil || !ok {
			continue
		}
		mask, boxes := evaluation.Taught(it.Labels)
		switch {
		case mask == nil && len(boxes) == 0:
			continue
		case mask == nil && !p.boxes:
			return usagef("--labels %s holds only boxes of %s, which are labels for --supervision semi", path, item.Name)
		}
		p.given[item.Name] = train.Defect{Mask: mask, Boxes: boxes}
		p.defects = append(p.defects, item)
	}
	if len(p.defects) == 0 {
		return fail(errors.New("no defect of a test picture is labelled in it"))
	}
	return nil
}

// openLabels opens a zip, a folder or a file of labels.
func openLabels(ctx context.Context, path, name string, o format.Options) (func(func(format.Item, error) bool), func() error, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	if strings.EqualFold(filepath.Ext(path), ".zip") {
		return format.Read(ctx, f, info.Size(), name, o), f.Close, nil
	}
	root := "."
	if !info.IsDir() {
		path, root = filepath.Dir(path), filepath.Base(path)
	}
	return format.ReadFiles(ctx, os.DirFS(path), root, name, o), f.Close, nil
}
