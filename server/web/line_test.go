package web

import (
	"context"
	"io"
	"net/url"

	"semirest/server/project"
)

// noLine is a line with one source, one sink and one verdict that nothing is known of.
type noLine struct{}

type noSources struct{ noLine }

func (noLine) Remove(context.Context, string) error         { return project.ErrNotFound }
func (noLine) Add(context.Context, []byte) error            { return nil }
func (noSources) List() any                                 { return []any{} }
func (noSources) Pause(context.Context, string, bool) error { return nil }
func (noSources) Trigger(string) error                      { return project.ErrInvalid }
func (noSources) LastFrame(string) ([]byte, error)          { return nil, project.ErrNotFound }

type noSinks struct{ noLine }

func (noSinks) List(context.Context) (any, error) { return []any{}, nil }

func (noLine) History(context.Context, url.Values) (any, error) {
	return map[string]any{"verdicts": []any{}, "counts": []any{}, "hourly": false}, nil
}
func (noLine) Thumb(context.Context, string) ([]byte, error) { return nil, project.ErrNotFound }
func (noLine) Picture(context.Context, string) (string, io.ReadSeekCloser, error) {
	return "", nil, project.ErrNotFound
}
func (noLine) Judge(context.Context, string, string) error { return nil }

// theLine is what the tests' servers have.
var theLine = &Line{Sources: noSources{}, Sinks: noSinks{}, Verdicts: noLine{}}
