package workshop

import (
	"context"
	"io"

	"semirest/server/loop"
	"semirest/server/project"
	"semirest/server/report"
)

// What a project's pictures, labels and models say together. The results become JSON as they are.

// Advise says how to train.
func (w *Shop) Advise(ctx context.Context, p project.ID) (any, error) { return w.Loop.Advise(ctx, p) }

// Next lists at most n pictures whose labels would teach most; never nil.
func (w *Shop) Next(ctx context.Context, p project.ID, n int) (any, error) {
	list, err := w.Loop.Next(ctx, p, n)
	if list == nil {
		list = []loop.Candidate{}
	}
	return list, err
}

// Curve is a model's false alarms and misses by threshold.
func (w *Shop) Curve(ctx context.Context, m project.ID) (any, error) { return w.Loop.Curve(ctx, m) }

// Evaluation is what a model reaches, picture by picture.
func (w *Shop) Evaluation(ctx context.Context, m project.ID) (any, error) {
	return w.Loop.Evaluation(ctx, m)
}

// Report tells what a project's labels bought.
func (w *Shop) Report(ctx context.Context, p project.ID) (any, error) {
	return report.Make(ctx, w.Store, w.Loop, p)
}

// HTML writes the report as one page that needs nothing else.
func (w *Shop) HTML(ctx context.Context, p project.ID, to io.Writer) error {
	made, err := report.Make(ctx, w.Store, w.Loop, p)
	if err != nil {
		return err
	}
	return made.HTML(to)
}
