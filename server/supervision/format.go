package supervision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"semirest/server/dataset"
	"semirest/server/evaluation"
	"semirest/server/format"
	"semirest/server/format/codecs"
	"semirest/server/picture"
	"semirest/server/train"
	"semirest/shared/prep"
)

// readFormat takes labels of test pictures in another program's format: a folder, a
// zip, or one file. Pictures of which nothing is labelled as a defect are left out.
func (s *Source) readFormat(ctx context.Context, set *dataset.Set, from Labels) error {
	codec, err := codecs.Find(from.Format)
	if err != nil {
		return err
	}
	byName := map[string]dataset.Item{}
	var known []format.Known
	for _, item := range set.Test {
		size, err := picture.FileSize(item.Path, prep.DefaultLimits)
		if err != nil {
			return err
		}
		byName[item.Name] = item
		known = append(known, format.Known{ID: item.Name, Name: filepath.Base(item.Path), Path: item.Name, Kind: item.Kind, Width: size.W, Height: size.H})
	}
	o := format.Options{Known: known, Warn: func(w format.Warning) {
		if from.Note != nil {
			from.Note(fmt.Sprintf("%s first: %s", w.Text, w.First))
		}
	}}
	items, closeLabels, err := openLabels(ctx, from.Path, codec, o)
	if err != nil {
		return err
	}
	defer closeLabels()
	var first error
	s.given = map[string]train.Defect{}
	note := func(text string) {
		if from.Note != nil {
			from.Note(text)
		}
	}
	others := 0
	for it, err := range items {
		if wrong, ok := errors.AsType[*format.PictureError](err); ok { // the others are labelled all the same
			first = cmp.Or(first, err)
			note("left out: " + strings.TrimPrefix(wrong.Error(), "format: "))
			continue
		}
		if err != nil {
			return err
		}
		item, ok := byName[it.ID]
		if !ok && it.Labels != nil && it.Labels.Marked() {
			others++
		}
		if it.Labels == nil || !ok {
			continue
		}
		mask, boxes := evaluation.Taught(it.Labels)
		switch {
		case mask == nil && len(boxes) == 0:
			continue
		case mask == nil && !s.boxes:
			return fmt.Errorf("%s: %w", item.Name, ErrBoxes)
		}
		s.given[item.Name] = train.Defect{Mask: mask, Boxes: boxes}
		s.defects = append(s.defects, item)
	}
	if others > 0 {
		note(fmt.Sprintf("%d labelled pictures are none of the test pictures and were left out", others))
	}
	if len(s.defects) == 0 && first != nil {
		return first
	}
	if len(s.defects) == 0 {
		return errors.New("no defect of a test picture is labelled in it")
	}
	return nil
}

// openLabels opens a zip, a folder or a file of labels.
func openLabels(ctx context.Context, path string, codec *format.Codec, o format.Options) (func(func(format.Item, error) bool), func() error, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	if strings.EqualFold(filepath.Ext(path), ".zip") {
		return format.Read(ctx, f, info.Size(), codec, o), f.Close, nil
	}
	root := "."
	if !info.IsDir() {
		path, root = filepath.Dir(path), filepath.Base(path)
	}
	return format.ReadFiles(ctx, os.DirFS(path), root, codec, o), f.Close, nil
}
