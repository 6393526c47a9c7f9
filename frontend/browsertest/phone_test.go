package browsertest

import (
	"image"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var phone = chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2))

// On a phone the head is one row, and verdict and score stand above the picture;
// the detector is chosen where it is described.
func TestPhoneShowsTheVerdictFirst(t *testing.T) {
	r := newDemoRig(t)
	b := newTab(t)
	b.do(phone)
	b.open(r.url)
	m := ground(800, 600, 1)
	spot(m, image.Rect(560, 120, 640, 200), 240)
	b.drop(write(t, t.TempDir(), "part.png", encodePNG(t, m)))
	b.settled(1)
	b.wait(`document.querySelector('.pane img')`)
	if rows := eval[int](b, `new Set([...document.querySelector('.bar').children].filter(e => e.checkVisibility()).map(e => { const r = e.getBoundingClientRect(); return Math.round((r.top + r.bottom) / 8); })).size`); rows != 1 {
		t.Errorf("the head has %d rows", rows)
	}
	if wide := eval[bool](b, `[...document.querySelectorAll('.bar :is(a, button)')].filter(e => e.checkVisibility()).some(e => e.getBoundingClientRect().right > 390)`); wide {
		t.Error("something of the head lies beyond the screen's edge")
	}
	if above := eval[bool](b, `document.getElementById('verdict').getBoundingClientRect().bottom <= document.querySelector('.pane').getBoundingClientRect().top && document.getElementById('score').getBoundingClientRect().top >= document.querySelector('.bar').getBoundingClientRect().bottom`); !above {
		t.Error("verdict and score do not stand between the head and the picture")
	}
	b.shot("phone-verdict")
	b.click("#fold-facts summary")
	b.wait(`document.getElementById('detector').checkVisibility()`)
	b.do(chromedp.EmulateViewport(1440, 900))
	b.wait(`document.querySelector('.bar #detector')?.checkVisibility()`)
}

// Undo stays in reach on a phone, however far the tools are scrolled.
func TestPhoneKeepsUndoInReach(t *testing.T) {
	w := newWorkbench(t, false)
	_, pictures := w.project("Plates", 0, 2, 0)
	l := labelled(t, w, pictures[0])
	l.do(phone)
	for _, scroll := range []string{"0", "1000"} {
		eval[bool](l.tab, `(() => { document.querySelector('.label-tools').scrollLeft = `+scroll+`; return true; })()`)
		if seen := eval[bool](l.tab, `[...document.querySelectorAll('.label-tools .steps button')].every(b => { const r = b.getBoundingClientRect(); return r.left >= 0 && r.right <= 390 && r.top >= 0 && r.bottom <= 844 && b.contains(document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2)); })`); !seen {
			t.Errorf("scrolled by %s, undo and redo are out of reach", scroll)
		}
	}
}

// A server that has no detector says what to do, with the button that does it.
func TestServerWithoutDetectorSaysWhatToDo(t *testing.T) {
	w := newWorkbench(t, false)
	b := newTab(t)
	b.open(w.url)
	b.wait(`document.getElementById('no-detector').checkVisibility()`)
	b.shot("no-detector")
	b.click("#make-project")
	b.wait(`document.querySelector('dialog[open] input[name="name"]')`)
	b.press("N", "e", "w", "\r")
	b.says("#project-name", "New")
	// As soon as there is one, there is nothing more to say.
	p, _ := w.project("Plates", 1, 0, 0)
	m := w.model(p, "one", "un", 0.4, 0)
	p, err := w.store.Deploy(t.Context(), p.ID, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.serve(p); err != nil {
		t.Fatal(err)
	}
	eval[bool](b, `(() => { location.hash = '#/'; return true; })()`)
	b.says("#detector", "Plates")
	b.wait(`!document.getElementById('no-detector').checkVisibility()`)
}

// The panel begins with what is asked most: verdict, threshold, saving. The rest
// is folded.
func TestPanelPutsTheVerdictFirst(t *testing.T) {
	_, b := ready(t, 2)
	seen := eval[[]string](b, `[...document.querySelectorAll('#panel > *')].map(e => e.id || e.className)`)
	if got := strings.Join(seen, " "); !strings.HasPrefix(got, "verdict sliders saves ") {
		t.Errorf("the panel's parts are %s", got)
	}
	if open := eval[int](b, `document.querySelectorAll('#panel details[open]').length`); open != 0 {
		t.Errorf("%d parts are unfolded from the start", open)
	}
	b.slide(1.5)
	b.click("#threshold-reset")
	b.wait(`document.getElementById('threshold-value').textContent === '1.00'`)
	if s := b.text("threshold-reset"); s != "Reset" {
		t.Errorf("the button is called %q", s)
	}
}
