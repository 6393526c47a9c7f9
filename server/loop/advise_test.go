package loop

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"semirest/server/evaluation"
	"semirest/server/project"
	"semirest/shared/annot"
	"semirest/shared/block"
)

func pictures(n int, p project.Picture) []project.Picture {
	out := make([]project.Picture, n)
	for i := range out {
		out[i] = p
		out[i].ID = project.ID(fmt.Sprintf("%s-%d-%d", p.Role, n, i))
		out[i].SHA256 = fmt.Sprintf("%d%s", (i*7)%10, out[i].ID)
	}
	return out
}

func state(boxes, blocks, pixels int) *project.State {
	return &project.State{Revision: 1, Boxes: boxes, Blocks: blocks, Pixels: int64(pixels)}
}

func TestAdvise(t *testing.T) {
	normal := pictures(20, project.Picture{Role: project.Normal})
	defective := func(n int, s *project.State) []project.Picture {
		return pictures(n, project.Picture{Role: project.Defective, Labels: s})
	}
	for _, c := range []struct {
		name     string
		pictures []project.Picture
		want     string
		ready    bool
		todo     string // begins the first
		refuses  []string
	}{
		{"nothing", nil, "un", false, "Add normal pictures: there are none", []string{"un", "sup", "semi", "none"}},
		{"one normal picture", normal[:1], "un", false, "Add normal pictures: there is 1", []string{"un", "none"}},
		{"few normal pictures", normal[:5], "un", true, "Add normal pictures: with 5", []string{"sup", "semi"}},
		{"a dozen", normal[:12], "un", true, "More normal pictures", []string{"sup", "semi"}},
		{"no label", slices.Concat(normal, defective(3, nil)), "un", true, "Label a few", []string{"sup", "semi"}},
		{"boxes", slices.Concat(normal, defective(3, state(2, 0, 0))), "semi", true, "", []string{"sup"}},
		{"one box", slices.Concat(normal, defective(1, state(2, 0, 0))), "semi", true, "Label a second", nil},
		{"blocks", slices.Concat(normal, defective(3, state(0, 9, 0))), "sup", true, "", nil},
		{"pixels", slices.Concat(normal, defective(3, state(0, 0, 99))), "sup", true, "", nil},
		{"mostly boxes", slices.Concat(normal, defective(3, state(1, 0, 0)), defective(2, state(0, 9, 0))), "semi", true, "", nil},
		{"mostly blocks", slices.Concat(normal, defective(2, state(1, 0, 0)), defective(3, state(1, 9, 0))), "sup", true, "", nil},
		{"emptied labels", slices.Concat(normal, defective(3, state(0, 0, 0))), "un", true, "Label a few", []string{"semi"}},
		{"ground truth only", slices.Concat(normal, pictures(3, project.Picture{Role: project.Defective, Truth: "ab"})), "un", true, "", nil},
		{"held ones do not count", slices.Concat(normal, pictures(3, project.Picture{Held: true, Labels: state(1, 0, 0)})), "un", true, "", nil},
		{"labelled normal", slices.Concat(normal[:1], pictures(3, project.Picture{Labels: &project.State{Normal: true}})), "un", true, "Add normal pictures: with 4", nil},
	} {
		a := Advise(c.pictures)
		if a.Supervision != c.want || a.Ready != c.ready || a.Reason == "" {
			t.Errorf("%s: %+v", c.name, a)
		}
		if first := append(a.Todo, "")[0]; !strings.HasPrefix(first, c.todo) || c.todo == "" && first != "" {
			t.Errorf("%s: to do %q, want %q", c.name, first, c.todo)
		}
		for _, s := range []string{"none", "un", "sup", "semi"} {
			err := a.check(project.Request{Supervision: s})
			if err != nil && !errors.Is(err, project.ErrInvalid) {
				t.Errorf("%s, %s: %v", c.name, s, err)
			}
			if slices.Contains(c.refuses, s) && err == nil || s == c.want && c.ready && err != nil {
				t.Errorf("%s, %s: %v", c.name, s, err)
			}
		}
	}
}

func cases(of []project.Picture, do func(*annot.Editor)) []evaluation.Case {
	out := make([]evaluation.Case, len(of))
	for i, p := range of {
		out[i].Picture = p
		if do != nil {
			e := annot.New(100, 80)
			do(e)
			out[i].Labels = e.Labels()
		}
	}
	return out
}

func boxed(e *annot.Editor) { _, _ = e.AddBox(block.Box{X: 20, Y: 20, HalfW: 9, HalfH: 9}, "") }

func TestHold(t *testing.T) {
	normal := pictures(30, project.Picture{Role: project.Normal})
	defective := pictures(9, project.Picture{Role: project.Defective})
	truth := pictures(5, project.Picture{Role: project.Defective, Truth: "ab"})
	chosen := pictures(1, project.Picture{Role: project.Normal, Held: true})
	for _, c := range []struct {
		name              string
		cases             []evaluation.Case
		normal, defective int
	}{
		{"nothing", nil, 0, 0},
		{"one labelled is learnt from", cases(defective[:1], boxed), 0, 0},
		{"one of two", cases(defective[:2], boxed), 0, 1},
		{"one of four", slices.Concat(cases(defective, boxed), cases(normal[:7], nil)), 0, 2},
		{"few normal", cases(normal[:8], nil), 2, 0},
		{"one of ten", slices.Concat(cases(normal, nil), cases(defective[:4], boxed)), 3, 1},
		{"not labelled", slices.Concat(cases(normal, nil), cases(defective, nil)), 3, 0},
		{"ground truth is measured on", slices.Concat(cases(normal, nil), cases(defective, boxed), cases(truth, nil)), 3, 0},
		{"somebody chose", slices.Concat(cases(normal, nil), cases(defective, boxed), cases(chosen, nil)), 0, 0},
	} {
		held, why := Hold(c.cases)
		turned := slices.Clone(c.cases)
		slices.Reverse(turned)
		again, _ := Hold(turned)
		n, d := 0, 0
		for _, id := range held {
			if strings.HasPrefix(string(id), "normal") {
				n++
			} else {
				d++
			}
		}
		if n != c.normal || d != c.defective || (why == "") != (len(held) == 0) {
			t.Errorf("%s: %d normal, %d defective held, %q", c.name, n, d, why)
		}
		if !slices.Equal(held, again) {
			t.Errorf("%s: in another order %v, not %v", c.name, again, held)
		}
	}
}
