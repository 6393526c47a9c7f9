package browsertest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"semirest/server/project"
	"semirest/shared/annot"
)

// truth gives a picture a ground-truth mask with its spot.
func (w *workbench) truth(p project.Picture, at image.Rectangle) {
	w.t.Helper()
	m := image.NewGray(image.Rect(0, 0, p.Width, p.Height))
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			m.SetGray(x, y, color.Gray{255})
		}
	}
	if _, err := w.store.SetTruth(w.t.Context(), p.ID, bytes.NewReader(encodePNG(w.t, m))); err != nil {
		w.t.Fatal(err)
	}
}

// Every control is named and reached, as axe-core and the Tab key see it; what
// happens is told to those who do not see it.
func TestLabelAccessible(t *testing.T) {
	w := newWorkbench(t, false)
	pr, pictures := w.project("plates", 1, 3, 0)
	if err := w.serve(pr); err != nil {
		t.Fatal(err)
	}
	w.truth(pictures[1], spotAt(1))
	l := labelled(t, w, pictures[1])
	l.wait(`document.querySelector('.truth')?.checkVisibility() && document.querySelector('.heat-rows').checkVisibility()`)
	told := func(part string) {
		t.Helper()
		l.wait(fmt.Sprintf(`document.querySelector('.labelling > .hide[role=status]').textContent.includes(%q)`, part))
	}
	l.axe("label")
	l.press("c")
	told("Added: box")
	l.press(kb.ArrowRight)
	told("1 of 1.")
	l.press("p")
	l.axe("label, with a proposal")
	l.press("x", "x", kb.Escape, "n")
	told("Normal: no defect.")
	l.dark(true)
	l.axe("label, dark")
	l.press("?")
	l.wait(`document.querySelector('.label-help').open`)
	l.axe("label, help")
	l.press(kb.Escape, "t")
	l.wait(`!document.querySelector('.truth').checkVisibility()`)
	// From the picture, Escape and Tab lead to the controls, and around.
	eval[bool](l.tab, `(document.querySelector('.sheet-pane').focus(), true)`)
	seen := map[string]bool{}
	l.press(kb.Escape)
	for range 60 {
		l.press(kb.Tab)
		seen[eval[string](l.tab, `document.activeElement.title || document.activeElement.textContent || document.activeElement.id`)] = true
	}
	for _, want := range []string{"Zoom in (+)", "This picture is normal (N)", "Box (B)", "Next unlabelled (U)"} {
		if !seen[want] {
			t.Errorf("the Tab key does not reach %q; it reached %d controls", want, len(seen))
		}
	}
	// Where one stands is drawn.
	if !eval[bool](l.tab, `getComputedStyle(document.activeElement).outlineStyle !== 'none'`) {
		t.Error("the focus is not seen")
	}
}

// A picture that is stored turned is labelled upright, whichever way the
// browser itself would show it, and its pixels are where the labels say.
func TestLabelTurnedPicture(t *testing.T) {
	w := newWorkbench(t, false)
	pr, err := w.store.CreateProject(t.Context(), project.Project{Name: "turned"})
	if err != nil {
		t.Fatal(err)
	}
	var l *labelling
	var pictures []project.Picture
	for o := 1; o <= 8; o++ {
		// Upright, the picture is 200 x 120 with a bright spot at (150, 20).
		upright := ground(200, 120, 3)
		spot(upright, image.Rect(140, 10, 170, 30), 250)
		turned := storedTurned(upright, o)
		data, name := turnedJPEG(encodeJPEG(t, turned), o), fmt.Sprintf("turned %d.jpg", o)
		if o%2 == 0 {
			data, name = turnedPNG(encodePNG(t, turned), o), fmt.Sprintf("turned %d.png", o)
		}
		p, err := w.store.AddPicture(t.Context(), project.Picture{Project: pr.ID, Name: name, Width: 200, Height: 120}, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		pictures = append(pictures, p)
	}
	for i, p := range pictures {
		if i == 0 {
			l = labelled(t, w, p)
			l.expect("willReadFrequently") // of the test's own reading
		} else {
			l.press(kb.PageDown)
			l.shown(p)
			time.Sleep(100 * time.Millisecond) // its first frame
		}
		bright := func(x, y float64) bool {
			px, py := l.place(x, y)
			return eval[int](l.tab, fmt.Sprintf(`(() => { const c = document.querySelector('.label-stage canvas.base'), r = c.getBoundingClientRect(); return c.getContext('2d').getImageData((%v - r.left) * devicePixelRatio, (%v - r.top) * devicePixelRatio, 1, 1).data[0]; })()`, px, py)) > 200
		}
		if !bright(155, 20) || bright(45, 20) || bright(155, 100) || bright(45, 100) {
			t.Errorf("%s: the spot is not where it should be", p.Name)
		}
	}
}

// storedTurned turns a picture so that an EXIF orientation turns it back.
func storedTurned(upright *image.NRGBA, orientation int) image.Image {
	w, h := upright.Bounds().Dx(), upright.Bounds().Dy()
	sw, sh := w, h
	if orientation > 4 {
		sw, sh = h, w
	}
	stored := image.NewNRGBA(image.Rect(0, 0, sw, sh))
	for y := range sh {
		for x := range sw {
			var ux, uy int // TIFF 6.0, tag 274: where the stored row 0 and column 0 lie
			switch orientation {
			case 1:
				ux, uy = x, y
			case 2:
				ux, uy = w-1-x, y
			case 3:
				ux, uy = w-1-x, h-1-y
			case 4:
				ux, uy = x, h-1-y
			case 5:
				ux, uy = y, x
			case 6:
				ux, uy = w-1-y, x
			case 7:
				ux, uy = w-1-y, h-1-x
			case 8:
				ux, uy = y, h-1-x
			}
			stored.SetNRGBA(x, y, upright.NRGBAAt(ux, uy))
		}
	}
	return stored
}

// A zoomed view is to the pixel: what is drawn lies on pixels, and a dab of the
// smallest brush marks the one under the pointer.
func TestLabelToThePixel(t *testing.T) {
	w := newWorkbench(t, false)
	_, pictures := w.project("plates", 0, 1, 0)
	p := pictures[0]
	l := labelled(t, w, p)
	for range 12 {
		l.press("+")
	}
	l.press("d")
	for range 30 {
		l.press("[")
	}
	l.wait(`document.querySelector('.label-panel .settings output').textContent === '1 px'`)
	r := eval[[]float64](l.tab, `(() => { const r = document.querySelector('.label-stage .sheet-pane').getBoundingClientRect(); return [r.left + r.width / 2 + 40, r.top + r.height / 2 + 30]; })()`)
	l.do(chromedp.MouseEvent(chromedp.MouseMoved, r[0], r[1]))
	l.wait(`document.querySelector('.where').textContent.startsWith('x ')`)
	var x, y int
	if _, err := fmt.Sscanf(l.text2(".where"), "x %d, y %d", &x, &y); err != nil {
		t.Fatal(err)
	}
	l.do(chromedp.MouseEvent(chromedp.MousePressed, r[0], r[1], chromedp.ButtonLeft), chromedp.MouseEvent(chromedp.MouseReleased, r[0], r[1], chromedp.ButtonLeft))
	l.sum("1 px")
	l.wait(`document.querySelector('.save-state').textContent.startsWith('Saved · ')`)
	if s, _ := w.stored(p); !s.Mask.Contains(x, y) || s.Mask.Count() != 1 {
		t.Errorf("pixel (%d, %d) is not the one that is marked: %v", x, y, s.Mask.Bounds())
	}
	l.shot("label-pixels")
}

// Screenshots of the labelling screen's states, to be looked at.
func TestShotsLabel(t *testing.T) {
	if os.Getenv("SEMIREST_SHOTS") == "" {
		t.Skip("SEMIREST_SHOTS names no folder")
	}
	w := newWorkbench(t, false)
	pr, pictures := w.project("Brushed plates", 4, 18, 0)
	if err := w.serve(pr); err != nil {
		t.Fatal(err)
	}
	for i := 4; i < 14; i++ {
		e := annot.New(320, 240)
		if i%3 == 0 {
			e.SetNormal(true)
		} else {
			_, _ = e.AddPolygon([]annot.Point{{X: 30, Y: 30}, {X: 90, Y: 40}, {X: 60, Y: 120}}, "scratch")
			e.Brush(annot.Point{X: 200, Y: 150}, annot.Point{X: 250, Y: 190}, 9, false)
		}
		if _, err := w.store.SaveLabels(t.Context(), project.Revision{Picture: pictures[i].ID, SaveID: "s", Data: e.Labels().Append(nil),
			State: project.State{Author: "ada", Normal: i%3 == 0, Boxes: i % 3}}); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for _, device := range []struct {
		name   string
		action chromedp.Action[chromedp.Void]
	}{
		{"desk", chromedp.EmulateViewport(1440, 900)},
		{"phone", chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2))},
		{"tablet", chromedp.EmulateViewport(900, 1100)},
	} {
		for _, scheme := range []string{"light", "dark"} {
			p := pictures[16+n]
			w.truth(p, spotAt(16+n))
			n++
			l := labelled(t, w, p)
			l.do(device.action)
			l.dark(scheme == "dark")
			name := "label-" + device.name + "-" + scheme + "-"
			l.wait(`document.querySelector('.heat-rows').checkVisibility()`)
			l.press("b", kb.Escape, "p")
			l.wait(`document.querySelector('.label-panel .sum').textContent.includes('proposal')`)
			l.shot(name + "1-proposal")
			l.press("a", "c")
			for range 4 {
				l.press(">")
			}
			l.shot(name + "2-selected")
			l.shotFull(name + "3-whole")
			l.press(kb.Escape, "n")
			l.shot(name + "4-normal")
			l.pressCtrl("z")
			l.press("g", "+", "+", "+", "+", "+", "+", "o")
			l.shot(name + "5-blocks")
			l.press("?")
			l.shot(name + "6-help")
			l.press(kb.Escape)
		}
	}
}
