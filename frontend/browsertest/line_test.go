package browsertest

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"semirest/server/line"
	"semirest/server/picture"
	"semirest/server/project"
	"semirest/server/verdict"
	"semirest/server/web"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// greys scores a picture by the grey of its first pixel, 100 being the threshold.
type greys struct{}

func (greys) Score(_ context.Context, detector string, data []byte) (verdict.Verdict, picture.RGB, error) {
	rgb, err := picture.Decode(data, prep.DefaultLimits)
	if err != nil {
		return verdict.Verdict{}, rgb, err
	}
	s := block.NewScores(block.For(16, 16, 8))
	s.Values[0] = float32(rgb.Pix[0]) / 100
	v := verdict.Of(s, rgb.Size)
	v.Model, v.Version = detector, "1"
	return v, rgb, nil
}

// onLine is a line that is at work.
func onLine(t *testing.T, w *workbench) *web.Line {
	t.Helper()
	l, err := line.Open(t.Context(), t.TempDir(), greys{}, line.Keep{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return &web.Line{Sources: line.PageSources{Line: l}, Sinks: line.PageSinks{Line: l}, Verdicts: line.PageVerdicts{Line: l}}
}

// shade writes a picture of one grey.
func shade(t *testing.T, path string, grey uint8) {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 160, 120))
	for y := range 120 {
		for x := range 160 {
			m.SetGray(x, y, color.Gray{Y: grey})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A folder is watched from the page; what it gives is seen, and a wrong verdict goes into a project.
func TestLine(t *testing.T) {
	w := newWorkbench(t, false)
	p, _ := w.project("Plates", 0, 0, 0)
	in := t.TempDir()
	for i, grey := range []uint8{40, 60, 150} {
		shade(t, filepath.Join(in, string(rune('a'+i))+".png"), grey)
	}
	if err := os.WriteFile(filepath.Join(in, "d.png"), []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newTab(t)
	b.expect("422") // a folder that is not there is refused
	b.open(w.url + "/#/line")
	b.says("#work", "None yet")
	b.click("#new-source")
	b.see("dialog[open] input")
	b.typeIn(`dialog[open] [name="name"]`, "line 3")
	b.typeIn(`dialog[open] [name="address"]`, filepath.Join(in, "missing"))
	b.click(`dialog[open] button[type="submit"]`)
	b.says("dialog[open] .failure", "no such file")
	eval[bool](b, `(() => { document.querySelector('dialog[open] [name="address"]').value = ""; return true; })()`)
	b.typeIn(`dialog[open] [name="address"]`, in)
	b.click(`dialog[open] button[type="submit"]`)
	b.says(".line-row", "4 pictures taken")
	b.says(".line-found", "defect 1.50")
	b.says(".line-found", "cannot be read")
	b.wait(`[...document.querySelectorAll(".line-card img")].length === 3 && [...document.querySelectorAll(".line-card img")].every(i => i.complete)`)
	b.axe("line")
	b.shot("line")
	b.click(`[aria-label="It is normal: c.png"]`)
	b.says(".line-found", "taken as normal")
	list, err := w.store.FindPictures(t.Context(), p.ID, project.PictureFilter{})
	if err != nil || len(list) != 1 || list[0].Role != project.Normal || list[0].Name != "c.png" {
		t.Errorf("the project has %+v, %v", list, err)
	}
	b.click(`[aria-label="Pause line 3"]`)
	b.says(".line-row", "paused")
	shade(t, filepath.Join(in, "e.png"), 70)
	time.Sleep(time.Second)
	b.click(`[aria-label="Go on with line 3"]`)
	b.says(".line-row", "5 pictures taken")
	b.says(".line-found", "e.png")
}
