package browsertest

import (
	"image"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"semirest/server/project"
	"semirest/shared/annot"
)

// Screenshots of the page's states, light and dark, on a desk and on a phone,
// to be looked at. Other tests add those of states that only they reach.
func TestShots(t *testing.T) {
	if os.Getenv("SEMIREST_SHOTS") == "" {
		t.Skip("SEMIREST_SHOTS names no folder")
	}
	r := newDemoRig(t)
	dir := t.TempDir()
	m := ground(1600, 1000, 5)
	spot(m, image.Rect(900, 300, 1010, 380), 235)
	spot(m, image.Rect(300, 640, 360, 700), 190)
	files := append(lot(t, 9), write(t, dir, "front plate, lot 17, camera B, 2026-03-02.png", encodePNG(t, m)), write(t, dir, "broken.jpg", []byte("no")))
	for _, device := range []struct {
		name   string
		action chromedp.Action[chromedp.Void]
	}{
		{"desk", chromedp.EmulateViewport(1440, 900)},
		{"phone", chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2))},
		{"tablet", chromedp.EmulateViewport(900, 1100)},
	} {
		for _, scheme := range []string{"light", "dark"} {
			b := newTab(t)
			b.do(device.action)
			b.dark(scheme == "dark")
			b.open(r.url)
			name := device.name + "-" + scheme + "-"
			b.wait(`document.querySelectorAll('#demo-list img').length > 8 && document.getElementById('facts').children.length`)
			b.shot(name + "1-welcome")
			b.drop(append([]string{}, files...)...)
			b.settled(len(files))
			b.selectPicture("front plate")
			b.wait(`document.querySelector('.pane img')`)
			b.shot(name + "2-result")
			b.shotFull(name + "3-whole")
			b.press("c")
			b.shot(name + "4-compare")
			b.press("c", "c", "?")
			b.shot(name + "5-help")
			b.press("\x1b")
			b.selectPicture("broken.jpg")
			b.shot(name + "6-error")
			b.selectPicture("part 09")
			b.press("+", "+", "+", "+", "+", "+", "+", "+", "+")
			b.shot(name + "7-zoom")
		}
	}
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
