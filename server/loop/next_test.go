package loop

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"semirest/server/evaluation"
	"semirest/server/loop/looptest"
	"semirest/server/ort"
	"semirest/server/project"
	"semirest/server/train"
	"semirest/shared/block"
)

func at(id string, uncertainty float64, look ...float32) candidate {
	return candidate{Candidate: Candidate{Picture: project.ID(id), Uncertainty: uncertainty, Spread: -1}, look: look, near: math.Inf(1)}
}

func names(list []Candidate) string {
	var out []string
	for _, c := range list {
		out = append(out, string(c.Picture))
	}
	return strings.Join(out, " ")
}

func TestOrder(t *testing.T) {
	for _, c := range []struct {
		name  string
		list  []candidate
		known [][]float32
		want  string
	}{
		{"the most typical first, then the farthest", []candidate{
			at("far", -1, 10, 0), at("middle", -1, 4, 0), at("left", -1, 0, 0), at("twin", -1, 0.1, 0),
		}, nil, "middle far left twin"},
		{"far from what is labelled", []candidate{
			at("near", -1, 1, 0), at("far", -1, 9, 0), at("between", -1, 5, 0),
		}, [][]float32{{0, 0}}, "far between near"},
		{"the least sure", []candidate{at("sure", 0.1), at("unsure", 0.9), at("so so", 0.5)}, nil, "unsure so so sure"},
		{"both count", []candidate{
			at("unsure twin", 0.9, 0, 0.1), at("sure and far", 0.1, 8, 0), at("unsure and far", 0.9, 8, 1), at("sure twin", 0, 0.1, 0),
		}, [][]float32{{0, 0}}, "unsure and far unsure twin sure and far sure twin"},
		{"what was not looked at is last", []candidate{at("unknown", -1), at("far", -1, 3, 3)}, [][]float32{{0, 0}}, "far unknown"},
	} {
		got := order(c.list, c.known, 10)
		if names(got) != c.want {
			t.Errorf("%s: %s, want %s", c.name, names(got), c.want)
		}
		said := map[string]bool{"": len(got) > 0 && got[0].Reason == ""}
		for _, x := range got {
			if said[x.Reason] {
				t.Errorf("%s: %q is said twice, or nothing at all", c.name, x.Reason)
			}
			said[x.Reason] = x.Reason != ""
			if x.Worth < 0 || x.Worth > 1 {
				t.Errorf("%s: %+v", c.name, x)
			}
		}
	}
	if got := order([]candidate{at("a", 0.1), at("b", 0.2)}, nil, 1); names(got) != "b" {
		t.Errorf("one of two: %s", names(got))
	}
}

func TestUncertainty(t *testing.T) {
	scores := func(v ...float32) block.Scores {
		return block.Scores{Grid: block.Grid{Rows: 1, Cols: len(v), Size: 8}, Values: v}
	}
	for _, c := range []struct {
		name   string
		scores block.Scores
		lo, hi float64
		near   int
	}{
		{"far below", scores(0, 0.01, 0.1, 0.1), 0, 0.01, 0},
		{"far above", scores(50, 1e20, 20, 10), 0, 0.01, 0},
		{"at the threshold", scores(1, 1, 1, 1), 0.999, 1, 4},
		{"some of many", scores(1, 1, 1, 1, 0, 0, 0, 0, 0, 0), 0.999, 1, 4},
		{"two of many", scores(1, 1, 0, 0, 0, 0, 0, 0, 0, 0), 0.5, 0.51, 2},
	} {
		bits, near := uncertainty(c.scores)
		if bits < c.lo || bits > c.hi || near != c.near {
			t.Errorf("%s: %v bits, %d near", c.name, bits, near)
		}
	}
}

// Next works before there is any detector, and with one.
func TestNext(t *testing.T) {
	looptest.Library(t)
	s := looptest.Open(t)
	p := s.Brushed(t, 6, 5)
	l := New(s, Options{Dir: t.TempDir(), Run: ort.Options{Threads: 2}, Patience: time.Minute, Tune: looptest.Small})
	first, err := l.Next(t.Context(), p.ID, 10)
	if err != nil || len(first) != 5 {
		t.Fatalf("%+v, %v", first, err)
	}
	said := map[string]bool{"": false}
	for i, c := range first {
		if said[c.Reason] || i == 0 && c.Reason == "" {
			t.Errorf("%d: the reason %q says nothing of this picture", i, c.Reason)
		}
		said[c.Reason] = c.Reason != ""
		if c.Uncertainty >= 0 || c.Spread < 0 || i > 1 && c.Spread > first[i-1].Spread {
			t.Errorf("%d: %+v", i, c)
		}
	}
	person := looptest.Person{Shelf: s}
	for _, x := range p.Defective {
		if x.ID == first[0].Picture {
			person.Label(t, x, p.Masks[x.ID], evaluation.Box)
		}
	}
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	j, err := l.Submit(t.Context(), p.ID, project.Request{Supervision: "none", Preset: train.Fast, Size: 256, Deploy: true}, "")
	if err != nil {
		t.Fatal(err)
	}
	if j = ended(t, l, j.ID); j.State != project.Done {
		t.Fatalf("%+v", j)
	}
	list, err := l.Next(t.Context(), p.ID, 10)
	if err != nil || len(list) != 4 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, c := range list {
		if c.Uncertainty < 0 || c.Spread < 0 {
			t.Errorf("%+v", c)
		}
	}
	// Without time to look, what is known from before still counts.
	l.Patience = time.Nanosecond
	again, err := l.Next(t.Context(), p.ID, 10)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(list) {
		t.Errorf("%+v, %v, want %+v", again, err, list)
	}
}
