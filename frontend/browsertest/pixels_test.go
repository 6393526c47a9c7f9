package browsertest

import (
	"bytes"
	"fmt"
	"image"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"semirest/server/project"
)

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
