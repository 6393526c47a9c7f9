package workshop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"semirest/server/archive"
	"semirest/server/format"
	"semirest/server/format/codecs"
	"semirest/server/picture"
	"semirest/server/project"
	"semirest/server/store"
	"semirest/shared/annot"
	"semirest/shared/prep"
)

// taken is an import under way.
type taken struct {
	store   *store.Store
	project project.ID
	author  string
	have    map[project.ID]project.Picture
	project.Imported
}

// skip notes a picture that was left out.
func (t *taken) skip(why string) {
	if len(t.Skipped) < 100 {
		t.Skipped = append(t.Skipped, strings.TrimPrefix(why, "format: "))
	}
}

// take stores one item: its picture where that is new, then its labels and its ground truth. The error ends the import;
// what is wrong with this item alone is skipped.
func (t *taken) take(ctx context.Context, it format.Item) error {
	p, known := t.have[project.ID(it.ID)]
	if !known {
		var err error
		if p, err = t.add(ctx, it); err != nil {
			if _, ok := errors.AsType[*skipped](err); ok {
				t.skip(it.Name + ": " + err.Error())
				return nil
			}
			return err
		}
	}
	if it.Labels != nil {
		if err := t.label(ctx, p, it.Labels); err != nil {
			return err
		}
	}
	if it.Truth == nil {
		return nil
	}
	file, err := read(it.Truth)
	if err != nil {
		return archiveFault(err)
	}
	share, err := picture.MaskRoom(ctx, file, prep.DefaultLimits)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var size prep.Size
	var mask []byte
	if err == nil {
		size, mask, err = picture.MaskFile(file, prep.DefaultLimits)
		share.Release()
	}
	if err == nil && (size.W != p.Width || size.H != p.Height) {
		err = fmt.Errorf("its ground truth has %v pixels, the picture %d x %d", size, p.Width, p.Height)
	}
	if err != nil {
		t.skip(it.Name + ": " + err.Error())
		return nil
	}
	sum := sha256.Sum256(mask)
	if hex.EncodeToString(sum[:]) == p.Truth {
		return nil
	}
	if _, err := t.store.SetTruth(ctx, p.ID, bytes.NewReader(mask)); err != nil {
		return err
	}
	t.Truths++
	return nil
}

// skipped is what is wrong with one picture alone.
type skipped struct{ error }

// add stores a new picture.
func (t *taken) add(ctx context.Context, it format.Item) (project.Picture, error) {
	if it.Open == nil {
		return project.Picture{}, &skipped{errors.New("there is no picture of this name here and none in the file")}
	}
	data, err := read(it.Open)
	if err != nil {
		return project.Picture{}, archiveFault(err)
	}
	size, err := decodable(ctx, data)
	if ctx.Err() != nil {
		return project.Picture{}, ctx.Err()
	}
	if err != nil {
		return project.Picture{}, &skipped{err}
	}
	role := project.Unsaid
	switch {
	case it.Normal:
		role = project.Normal
	case it.Defective:
		role = project.Defective
	}
	p, err := t.store.AddPicture(ctx, project.Picture{
		Project: t.project, Name: it.Name, Path: it.Path, Width: size.W, Height: size.H, Role: role, Kind: it.Kind, Held: it.Held,
	}, bytes.NewReader(data))
	if errors.Is(err, project.ErrExists) {
		return p, &skipped{errors.New("this picture is here already")}
	}
	if err != nil {
		return p, err
	}
	t.Pictures++
	if it.Labels != nil && (it.Labels.W != p.Width || it.Labels.H != p.Height) {
		return p, &skipped{fmt.Errorf("its labels are for %d x %d pixels and it has %d x %d", it.Labels.W, it.Labels.H, p.Width, p.Height)}
	}
	return p, nil
}

// decodable decodes a picture, to be sure that it can be, when there is memory for it, and returns its upright size.
func decodable(ctx context.Context, data []byte) (prep.Size, error) {
	share, err := picture.Room(ctx, data, prep.DefaultLimits, 0)
	if err != nil {
		return prep.Size{}, err
	}
	defer share.Release()
	rgb, err := picture.Decode(data, prep.DefaultLimits)
	return rgb.Size, err
}

// label makes labels a picture's next revision, so that those it has are not lost; labels that it has already make none.
func (t *taken) label(ctx context.Context, p project.Picture, l *annot.Labels) error {
	data := l.Append(nil)
	now, err := t.store.Labels(ctx, p.ID)
	if err != nil && !errors.Is(err, project.ErrNotFound) {
		return err
	}
	if err == nil && bytes.Equal(now.Data, data) {
		t.Unchanged++
		return nil
	}
	sum := sha256.Sum256(data)
	_, err = t.store.SaveLabels(ctx, project.Revision{
		Picture: p.ID, Base: now.Revision, SaveID: fmt.Sprintf("import-%d-%x", now.Revision, sum[:12]), Data: data, State: project.State{Author: t.author},
	})
	if conflict, ok := errors.AsType[*project.ConflictError](err); ok {
		t.skip(fmt.Sprintf("%s: %s labelled it meanwhile", p.Name, conflict.Current.Author))
		return nil
	}
	if err != nil {
		return err
	}
	t.Labels++
	return nil
}

// read reads a file of an archive; package format bounds it.
func read(open func() (io.ReadCloser, error)) ([]byte, error) {
	f, err := open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// archiveFault marks what is wrong with what was sent as its sender's.
func archiveFault(err error) error {
	for _, theirs := range []error{
		format.ErrArchive, format.ErrUnsafe, format.ErrLimit, format.ErrNothing, format.ErrSyntax, format.ErrUnknown,
		format.ErrAmbiguous, format.ErrSize, format.ErrOutside, picture.ErrMask,
	} {
		if errors.Is(err, theirs) {
			return &project.ReasonError{Reason: strings.TrimPrefix(err.Error(), "format: ")}
		}
	}
	if errors.Is(err, archive.ErrFormat) || errors.Is(err, archive.ErrVersion) || errors.Is(err, archive.ErrLimit) {
		return &project.ReasonError{Reason: strings.TrimPrefix(err.Error(), "archive: ")}
	}
	return err
}

// Import reads an archive, a zip in the format of that name, into a project. All of it is read before anything is
// stored: one that is damaged further back changes nothing, and is a *project.ReasonError. Labels of a picture that has
// labels become its next revision.
func (w *Shop) Import(ctx context.Context, p project.ID, name string, r io.ReaderAt, size int64, author string) (project.Imported, error) {
	return Import(ctx, w.Store, p, name, r, size, author)
}

// Import is Shop.Import where no server is at work.
func Import(ctx context.Context, s *store.Store, p project.ID, name string, r io.ReaderAt, size int64, author string) (project.Imported, error) {
	t := taken{store: s, project: p, author: author, have: make(map[project.ID]project.Picture)}
	codec, err := codecs.Find(name)
	if err != nil {
		return t.Imported, err
	}
	list, err := s.Pictures(ctx, p)
	if err != nil {
		return t.Imported, err
	}
	o := format.Options{Known: []format.Known{}, Warn: func(about format.Warning) {
		text := about.Text
		if about.First != "" {
			text = fmt.Sprintf("%s (%s and %d more)", text, about.First, about.Count-1)
		}
		t.Warnings = append(t.Warnings, text)
	}}
	for _, q := range list {
		t.have[q.ID] = q
		o.Known = append(o.Known, format.Known{ID: string(q.ID), Name: q.Name, Path: q.Path, Kind: q.Kind, Held: q.Held, Width: q.Width, Height: q.Height, SHA256: q.SHA256})
	}
	var items []format.Item
	for it, err := range format.Read(ctx, r, size, codec, o) {
		if wrong, ok := errors.AsType[*format.PictureError](err); ok {
			t.skip(wrong.Error())
			continue
		}
		if err != nil {
			return t.Imported, archiveFault(err)
		}
		items = append(items, it)
	}
	for _, it := range items {
		if err := t.take(ctx, it); err != nil {
			return t.Imported, err
		}
	}
	return t.Imported, nil
}

// Restore makes a project of a zip that Export wrote in project.WholeFormat. What was deployed in it is served again.
func (w *Shop) Restore(ctx context.Context, r io.ReaderAt, size int64, _ string) (project.Project, error) {
	p, err := archive.Read(ctx, r, size, w.Store, archive.Limits{})
	if err != nil || p.Deployed == "" {
		return p, archiveFault(err)
	}
	if err := w.serve(context.WithoutCancel(ctx), p.ID); err != nil {
		// It is all there; deploying the model again says what is wrong with it.
		w.log.Error("a restored project's model cannot be served", "project", p.ID, "error", err)
	}
	return p, nil
}
