package workshop

import (
	"context"
	"fmt"
	"io"
	"iter"

	"semirest/server/archive"
	"semirest/server/format"
	"semirest/server/format/codecs"
	"semirest/server/project"
	"semirest/server/store"
	"semirest/shared/annot"
)

// Formats lists what projects are written and read in; the last is project.WholeFormat.
func (w *Shop) Formats() []project.Format {
	list := []project.Format{}
	for _, f := range codecs.Formats() {
		list = append(list, project.Format{Name: f.Name, Title: f.Title, Extension: f.Extension, Note: f.Note, Holds: f.Holds})
	}
	return append(list, project.Format{
		Name: project.WholeFormat, Title: "Whole project", Extension: ".zip",
		Note: "Pictures, labels with their history and times, and models. It becomes a project of its own when it is brought in.",
	})
}

// Export writes a zip of a project in the format of that name.
func (w *Shop) Export(ctx context.Context, p project.ID, name string, to io.Writer) error {
	return Export(ctx, w.Store, p, name, to)
}

// Export is Shop.Export where no server is at work.
func Export(ctx context.Context, s *store.Store, p project.ID, name string, to io.Writer) error {
	if name == project.WholeFormat {
		return archive.Write(ctx, to, s, p)
	}
	codec, err := codecs.Find(name)
	if err != nil {
		return err
	}
	list, err := s.Pictures(ctx, p)
	if err != nil {
		return err
	}
	_, err = format.Write(ctx, to, codec, items(ctx, s, list))
	return err
}

// items are pictures with their current labels.
func items(ctx context.Context, s *store.Store, list []project.Picture) iter.Seq2[format.Item, error] {
	return func(yield func(format.Item, error) bool) {
		for _, p := range list {
			it, err := item(ctx, s, p)
			if !yield(it, err) || err != nil {
				return
			}
		}
	}
}

func item(ctx context.Context, s *store.Store, p project.Picture) (format.Item, error) {
	it := format.Item{
		ID: string(p.ID), Name: p.Name, Width: p.Width, Height: p.Height, Kind: p.Kind, Held: p.Held,
		Normal: p.Role == project.Normal, Defective: p.Role == project.Defective,
		Open: func() (io.ReadCloser, error) { return s.OpenBlob(ctx, p.SHA256) },
	}
	if p.Truth != "" {
		it.Truth = func() (io.ReadCloser, error) { return s.OpenBlob(ctx, p.Truth) }
	}
	if p.Labels == nil {
		return it, nil
	}
	r, err := s.Labels(ctx, p.ID)
	if err != nil {
		return it, err
	}
	if it.Labels, err = annot.Parse(r.Data); err != nil {
		return it, fmt.Errorf("labels of picture %s: %w", p.Name, err)
	}
	return it, nil
}
