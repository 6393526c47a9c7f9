package browsertest

import (
	"image"
	"strings"
	"testing"
)

// The whole way: a file dropped on the page becomes a heat map whose hottest
// place is where the defect is.
func TestDroppedPictureBecomesHeatMap(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	b.shot("welcome")
	m := ground(800, 600, 1)
	defect := image.Rect(560, 120, 640, 200)
	spot(m, defect, 240)
	b.drop(write(t, t.TempDir(), "part 7.png", encodePNG(t, m)))
	b.settled(1)
	if got := b.labels()[0]; !strings.HasPrefix(got, "part 7.png, defect, score ") {
		t.Errorf("thumbnail says %q", got)
	}
	if v := eval[string](b, `document.querySelector('#verdict .word b').textContent`); v != "Defect" {
		t.Errorf("verdict is %q", v)
	}
	if live := b.text("live"); !strings.Contains(live, "part 7.png: Defect") {
		t.Errorf("told to screen readers: %q", live)
	}
	b.wait(`!document.querySelector('.heat').hidden && document.querySelector('.pane img')`)
	x, y := b.hottest()
	hot := image.Pt(int(x*800), int(y*600))
	if !hot.In(defect) {
		t.Errorf("the hottest place is %v, the defect %v", hot, defect)
	}
	b.shot("defect")
}
