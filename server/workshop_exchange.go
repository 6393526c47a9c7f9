package main

import (
	"context"
	"fmt"
	"io"
	"iter"

	"semirest/server/archive"
	"semirest/server/format"
	"semirest/server/project"
	"semirest/server/store"
	"semirest/server/web"
	"semirest/shared/annot"
)

// exchange brings the store's projects out and in.
type exchange struct {
	store *store.Store
	w     *workshop
}

// Formats implements web.Exchange.
func (x exchange) Formats() []web.Format {
	list := []web.Format{}
	for _, f := range format.Formats() {
		list = append(list, web.Format{Name: f.Name, Title: f.Title, Extension: f.Extension, Note: f.Note, Holds: f.Holds})
	}
	return append(list, web.Format{
		Name: web.FormatProject, Title: "Whole project", Extension: ".zip",
		Note: "Pictures, labels with their history and times, and models. It becomes a project of its own when it is brought in.",
	})
}

// Export implements web.Exchange.
func (x exchange) Export(ctx context.Context, p project.ID, name string, w io.Writer) error {
	if name == web.FormatProject {
		return archive.Write(ctx, w, x.store, p)
	}
	list, err := x.store.Pictures(ctx, p)
	if err != nil {
		return err
	}
	_, err = format.Write(ctx, w, name, x.items(ctx, list))
	return err
}

// items are pictures with their current labels.
func (x exchange) items(ctx context.Context, list []project.Picture) iter.Seq2[format.Item, error] {
	return func(yield func(format.Item, error) bool) {
		for _, p := range list {
			it, err := x.item(ctx, p)
			if !yield(it, err) || err != nil {
				return
			}
		}
	}
}

func (x exchange) item(ctx context.Context, p project.Picture) (format.Item, error) {
	it := format.Item{
		ID: string(p.ID), Name: p.Name, Width: p.Width, Height: p.Height, Kind: p.Kind, Held: p.Held,
		Normal: p.Role == project.Normal, Defective: p.Role == project.Defective,
		Open: func() (io.ReadCloser, error) { return x.store.OpenBlob(ctx, p.SHA256) },
	}
	if p.Truth != "" {
		it.Truth = func() (io.ReadCloser, error) { return x.store.OpenBlob(ctx, p.Truth) }
	}
	if p.Labels == nil {
		return it, nil
	}
	r, err := x.store.Labels(ctx, p.ID)
	if err != nil {
		return it, err
	}
	if it.Labels, err = annot.Parse(r.Data); err != nil {
		return it, fmt.Errorf("labels of picture %s: %w", p.Name, err)
	}
	return it, nil
}
