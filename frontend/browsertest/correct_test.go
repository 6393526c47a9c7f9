package browsertest

import (
	"image"
	"strings"
	"testing"
	"time"

	"semirest/server/project"
	"semirest/server/web"
	"semirest/shared/wire"
)

// A picture that was judged wrongly goes into the project that is chosen, or that of the detector, and is labelled there.
func TestCorrectThis(t *testing.T) {
	w := newWorkbench(t, false)
	p, _ := w.project("plates", 1, 0, 0)
	other, _ := w.project("bottles", 0, 0, 0)
	plate := ground(300, 200, 77)
	spot(plate, image.Rect(40, 40, 90, 90), 240)
	dir := t.TempDir()
	b := newTab(t)
	b.open(w.url)
	m := w.model(p, "one", "un", 0.4, 0)
	p, err := w.store.Deploy(t.Context(), p.ID, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.serve(p); err != nil {
		t.Fatal(err)
	}
	b.drop(write(t, dir, "lot/part.png", encodePNG(t, plate)))
	b.settled(1)
	b.wait(`!document.getElementById('correct').disabled`)
	b.shot("correct")
	b.click("#correct") // its detector's own project
	b.wait(`document.querySelector('.label-title')?.textContent.includes('part.png')`)
	list, err := w.store.Pictures(t.Context(), p.ID)
	if err != nil || len(list) != 2 || list[1].Role != project.Defective {
		t.Fatalf("%+v, %v", list, err)
	}
	if h := eval[string](b, `location.hash`); !strings.Contains(h, string(p.ID)) || !strings.HasSuffix(h, string(list[1].ID)) {
		t.Errorf("it goes to %q", h)
	}
	if list, err := w.store.Pictures(t.Context(), other.ID); err != nil || len(list) != 0 {
		t.Errorf("the other project has %+v, %v", list, err)
	}
}

// A detector of no project leaves the choice to the user.
func TestCorrectThisInAChosenProject(t *testing.T) {
	w := newWorkbench(t, false)
	w.project("plates", 0, 0, 0)
	p, _ := w.project("bottles", 0, 0, 0)
	err := w.server.Install(web.Detector{Name: "metal", Model: "m", Preset: "lite", Supervision: "none", Created: time.Unix(1700000000, 0),
		Input: w.scorer.input, Block: 8, Kind: wire.Distance, Threshold: threshold, FalseAlarms: 0.01, Scorer: w.scorer})
	if err != nil {
		t.Fatal(err)
	}
	b := newTab(t)
	b.open(w.url)
	b.drop(write(t, t.TempDir(), "part.png", encodePNG(t, ground(300, 200, 78))))
	b.settled(1)
	b.click("#correct")
	b.wait(`document.querySelector('dialog[open] #field-choice')`)
	b.choose("#field-choice", string(p.ID))
	b.shot("correct-choose")
	b.click("dialog[open] .main")
	b.wait(`document.querySelector('.label-title')?.textContent.includes('part.png')`)
	if list, err := w.store.Pictures(t.Context(), p.ID); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}
