package workshop

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"semirest/server/detect"
	"semirest/server/project"
	"semirest/shared/prep"
)

// A served copy that a failing disk damaged is written again, and what is deployed works as before.
func TestADamagedCopyIsWrittenAgain(t *testing.T) {
	w, pages, _ := open(t, t.TempDir())
	p, err := w.Store.CreateProject(t.Context(), project.Project{Name: "p"})
	if err != nil {
		t.Fatal(err)
	}
	_, file := small(t, 1)
	m := w.add(t, p.ID, "m", file)
	if _, err := w.Models().Deploy(t.Context(), p.ID, m.ID); err != nil {
		t.Fatal(err)
	}
	want := scores(t, pages.detectors[p.ID])
	bad := bytes.Clone(file)
	bad[len(bad)/2] ^= 0x40
	if err := os.WriteFile(w.servedPath(m), bad, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Models().Deploy(t.Context(), p.ID, m.ID); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(w.servedPath(m)); err != nil || !bytes.Equal(now, file) {
		t.Errorf("the copy is still damaged: %v", err)
	}
	if got := scores(t, pages.detectors[p.ID]); got.Values[0] != want.Values[0] {
		t.Errorf("scores %v, before %v", got.Values[0], want.Values[0])
	}
}

// What is no model, or one that no page could use, is refused in words before anything is changed.
func TestABadModelIsRefused(t *testing.T) {
	w, _, _ := open(t, t.TempDir())
	p, err := w.Store.CreateProject(t.Context(), project.Project{Name: "p"})
	if err != nil {
		t.Fatal(err)
	}
	_, file := small(t, 1)
	large := w.add(t, p.ID, "large", append(bytes.Clone(file), 0))
	load := w.load
	for name, m := range map[string]project.Model{
		"no model":      w.add(t, p.ID, "words", []byte("these are words")),
		"cut short":     w.add(t, p.ID, "cut", file[:len(file)/2]),
		"a large input": large,
	} {
		w.load = load
		if m.ID == large.ID {
			w.load = func(string) (*detect.Model, error) {
				var d detect.Model
				d.Input = prep.Size{W: 4096, H: 4096}
				return &d, nil
			}
		}
		if _, err := w.Models().Deploy(t.Context(), p.ID, m.ID); !errors.Is(err, project.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if now, err := w.Store.Project(t.Context(), p.ID); err != nil || now.Deployed != "" {
			t.Errorf("%s: deployed all the same: %+v, %v", name, now, err)
		}
	}
}
