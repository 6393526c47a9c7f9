package report

import (
	"math"
	"strings"
	"testing"
	"time"

	"semirest/server/evaluation"
	"semirest/server/loop"
	"semirest/server/loop/looptest"
	"semirest/server/ort"
	"semirest/server/project"
	"semirest/server/train"
)

// A scripted person labels three pictures with boxes, then with blocks, then pixel by
// pixel, in the paper's times, and trains after each. The figure holds the times and
// the APs that were reached; the person's clock goes by events, so that nobody waits.
func TestTheFigureOfThreeGranules(t *testing.T) {
	looptest.Library(t)
	s := looptest.Open(t)
	p := s.Brushed(t, 8, 6)
	l := loop.New(s, loop.Options{Dir: t.TempDir(), Run: ort.Options{Threads: 2}, Tune: looptest.Small})
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Wait)
	train := func(supervision string) project.Model {
		j, err := l.Submit(t.Context(), p.ID, project.Request{Supervision: supervision, Preset: train.Fast, Steps: 12, Size: 256, Deploy: true}, "person")
		if err != nil {
			t.Fatal(err)
		}
		for !j.State.Ended() {
			time.Sleep(20 * time.Millisecond)
			if j, err = l.Job(t.Context(), j.ID); err != nil {
				t.Fatal(err)
			}
		}
		if j.State != project.Done {
			t.Fatalf("%+v", j)
		}
		m, err := s.Model(t.Context(), j.Model)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	// Three are labelled; the other three keep their ground truth and are measured on.
	person := looptest.Person{Shelf: s}
	for _, x := range p.Defective[3:] {
		if _, err := s.SetTruth(t.Context(), x.ID, strings.NewReader(looptest.MaskPNG(t, p.Masks[x.ID]))); err != nil {
			t.Fatal(err)
		}
	}
	var models []project.Model
	for _, c := range []struct{ granule, supervision string }{{evaluation.Box, "semi"}, {evaluation.Block, "sup"}, {evaluation.Pixel, "sup"}} {
		for _, x := range p.Defective[:3] {
			person.Label(t, x, p.Masks[x.ID], c.granule)
		}
		models = append(models, train(c.supervision))
	}
	r, err := Make(t.Context(), s, l, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Figure.Points) != 3 || r.Figure.Granule != evaluation.Pixel || r.Figure.Pictures != 5 || r.Figure.Baseline == nil {
		t.Fatalf("%+v", r.Figure)
	}
	for i, g := range evaluation.Granules {
		x, m := r.Figure.Points[i], models[i]
		if x.Model != m.ID || x.Granule != g || x.Pictures != 3 || x.Seconds != 3*float64(looptest.Seconds[g]) || x.PerPicture != float64(looptest.Seconds[g]) {
			t.Errorf("%s: %+v", g, x)
		}
		if x.AP == nil || x.PRO == nil || x.AUROC == nil || math.Abs(*x.AP-*m.Metrics.AP) > 1e-12 {
			t.Errorf("%s: %+v, when it was trained %+v", g, x, m.Metrics)
		} else {
			t.Logf("%-5s %3.0f s a picture: AP %.3f PRO %.3f AUROC %.3f (distance %.3f)", g, x.PerPicture, *x.AP, *x.PRO, *x.AUROC, *m.Metrics.Distance)
		}
	}
	if err := r.Write(t.TempDir()); err != nil {
		t.Error(err)
	}
}
