package browsertest

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// ready is a page with n scored pictures.
func ready(t *testing.T, n int) (*rig, *tab) {
	t.Helper()
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	b.drop(lot(t, n)...)
	b.settled(n)
	return r, b
}

// selected is the name of the picture that is looked at.
func (b *tab) selected() string {
	b.t.Helper()
	name, _, _ := strings.Cut(eval[string](b, `document.querySelector('.thumb[aria-current]')?.getAttribute('aria-label') ?? ''`), ",")
	return name
}

// Everything by keyboard, one key after the other.
func TestKeyboard(t *testing.T) {
	_, b := ready(t, 3)
	first := "part 03.png" // the brightest spot
	pressed := func(key, condition string) {
		t.Helper()
		b.press(key)
		b.wait(condition)
	}
	is := func(name string) string {
		return fmt.Sprintf(`document.querySelector('.thumb[aria-current]')?.getAttribute('aria-label').startsWith(%q)`, name)
	}
	threshold := func(v string) string {
		return fmt.Sprintf(`document.getElementById('threshold-value').textContent === %q`, v)
	}
	b.wait(`document.querySelector('.thumb').getAttribute('aria-label').startsWith('` + first + `')`) // sorted
	b.press(kb.Home)
	b.wait(is(first))
	pressed(kb.ArrowRight, is("part 02.png"))
	pressed("j", is("part 01.png"))
	pressed("i", is("part 02.png"))
	pressed(kb.ArrowLeft, is(first))
	pressed(kb.End, is("part 01.png"))
	pressed(kb.Home, is(first))
	pressed("]", threshold("1.05"))
	pressed("[", threshold("1.00"))
	for range 3 {
		b.press("]")
	}
	b.wait(threshold("1.15"))
	pressed("\\", threshold("1.00"))
	pressed(".", `document.getElementById('opacity-value').textContent === '65 %' && document.querySelector('.heat').style.opacity === '0.65'`)
	pressed(",", `document.getElementById('opacity-value').textContent === '60 %'`)
	pressed("h", `document.querySelector('.heat').hidden && document.getElementById('show-heat').ariaPressed === 'false'`)
	pressed("h", `!document.querySelector('.heat').hidden`)
	pressed("o", `document.getElementById('show-lines').ariaPressed === 'false'`)
	pressed("o", `document.getElementById('show-lines').ariaPressed === 'true'`)
	fit := b.text("zoom")
	pressed("+", fmt.Sprintf(`document.getElementById('zoom').textContent !== %q`, fit))
	pressed("-", fmt.Sprintf(`document.getElementById('zoom').textContent === %q`, fit))
	pressed("1", `document.getElementById('zoom').textContent === '100 %'`)
	place := `document.querySelector('.paper').style.transform`
	for range 8 {
		b.press("+")
	}
	was := eval[string](b, place)
	b.pressShift(kb.ArrowRight)
	b.wait(fmt.Sprintf(`%s !== %q`, place, was))
	pressed("0", fmt.Sprintf(`document.getElementById('zoom').textContent === %q`, fit))
	pressed("c", `document.querySelector('.panes').classList.contains('two') && document.getElementById('compare').value === 'plain'`)
	b.shot("compare-plain")
	pressed("c", `document.getElementById('compare').value === 'two'`)
	b.press(kb.ArrowRight, "p", kb.ArrowLeft)
	b.wait(`[...document.querySelectorAll('.caption')].map(c => c.textContent.split(' ·')[0]).join() === 'part 03.png,part 02.png'`)
	b.shot("compare-two")
	pressed("c", `!document.querySelector('.panes').classList.contains('two')`)
	pressed("q", `document.getElementById('order').value === 'name'`)
	b.wait(`document.querySelector('.thumb').getAttribute('aria-label').startsWith('part 01.png')`)
	pressed("t", `document.documentElement.dataset.theme === 'light'`)
	pressed("t", `document.documentElement.dataset.theme === 'dark'`)
	pressed("t", `!document.documentElement.dataset.theme`)
	pressed("n", `document.getElementById('facts').textContent.includes('tiled')`)
	b.settled(3)
	pressed("?", `document.getElementById('help-sheet').open`)
	b.shot("help")
	pressed(kb.Escape, `!document.getElementById('help-sheet').open && !document.activeElement.closest('dialog')`)
	name := b.selected()
	pressed(kb.Delete, `document.querySelectorAll('.thumb').length === 2`)
	if b.selected() == name || b.selected() == "" {
		t.Errorf("after %s was removed, %q is selected", name, b.selected())
	}
	// Keys inside a control are the control's.
	b.do(chromedp.Focus(chromedp.CSS("#threshold")))
	name = b.selected()
	pressed(kb.ArrowRight, threshold("1.01"))
	if b.selected() != name {
		t.Error("an arrow on the slider went to another picture")
	}
	b.press("\\")
	eval[bool](b, `document.getElementById('keys-on').click(), true`)
	b.press("]")
	if v := b.text("threshold-value"); v != "1.00" {
		t.Errorf("a shortcut that was turned off moved the threshold to %s", v)
	}
}

// Moving the threshold changes verdicts and contours at once.
func TestThresholdSlider(t *testing.T) {
	_, b := ready(t, 4)
	b.selectPicture("part 04.png")
	score := eval[float64](b, `Number(document.getElementById('score').textContent)`)
	b.expect("willReadFrequently") // of the test's own reading
	lines := `(() => { const c = document.querySelector('.lines'); return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v).length; })()`
	b.wait(lines + ` > 0`)
	slide := func(v float64) {
		eval[bool](b, fmt.Sprintf(`(() => { const s = document.getElementById('threshold'); s.value = %v; return s.dispatchEvent(new Event('input')); })()`, v))
	}
	slide(math.Min(3, score+0.5))
	b.wait(`document.querySelector('#verdict').dataset.state === 'good' && document.querySelector('.thumb[aria-current]').dataset.state === 'good'`)
	b.wait(lines + ` === 0`)
	slide(0.5)
	b.wait(`document.querySelector('#verdict').dataset.state === 'defect' && document.querySelector('.thumb[aria-current]').dataset.state === 'defect'`)
}

// Wheel, drag and pinch move the picture; the point under the pointer stays.
func TestZoomAndPan(t *testing.T) {
	_, b := ready(t, 1)
	b.wait(`document.querySelector('.pane img')`)
	box := eval[[]float64](b, `(() => { const r = document.querySelector('.pane').getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()`)
	x, y := box[0]+box[2]*0.7, box[1]+box[3]*0.4
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
	pixel := func() string { return strings.Split(b.text("pointer"), " ·")[0] }
	b.wait(`document.getElementById('pointer').textContent.startsWith('x ')`)
	before := pixel()
	wheel := func(dy float64) {
		_, err := chromedp.Call(b.ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseWheel, X: x, Y: y, DeltaY: dy, DeltaX: 1e-9})
		if err != nil {
			t.Fatal(err)
		}
	}
	zoom := b.text("zoom")
	wheel(-400)
	b.wait(fmt.Sprintf(`document.getElementById('zoom').textContent !== %q`, zoom))
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x+0.4, y))
	b.wait(`document.getElementById('pointer').textContent.startsWith('x ')`)
	if after := pixel(); !near(before, after, 2) {
		t.Errorf("under the pointer: %s before zooming, %s after", before, after)
	}
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, x, y, chromedp.ButtonType("left")),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x-60, y-30, chromedp.ButtonType("left")),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, x-60, y-30, chromedp.ButtonType("left")))
	if after := pixel(); !near(before, after, 2) {
		t.Errorf("the picture did not follow the pointer: %s, then %s", before, after)
	}
	pinched := eval[[]string](b, `(() => {
		const pane = document.querySelector('.pane'), r = pane.getBoundingClientRect(), zoom = document.getElementById('zoom');
		pane.setPointerCapture = () => {};
		const send = (type, id, x) => pane.dispatchEvent(new PointerEvent(type, {pointerId: id, pointerType: 'touch', clientX: r.left + x, clientY: r.top + 200, bubbles: true}));
		return new Promise(done => {
			const before = zoom.textContent;
			send('pointerdown', 11, 200); send('pointerdown', 12, 300); send('pointermove', 12, 400);
			send('pointerup', 11, 200); send('pointerup', 12, 400);
			requestAnimationFrame(() => requestAnimationFrame(() => done([before, zoom.textContent])));
		});
	})()`)
	if pinched[0] == pinched[1] {
		t.Errorf("a pinch left the zoom at %s", pinched[0])
	}
	eval[bool](b, `document.querySelector('.pane').dispatchEvent(new MouseEvent('dblclick'))`)
	b.wait(fmt.Sprintf(`document.getElementById('zoom').textContent === %q`, zoom))
}

// near compares two texts "x 12, y 34".
func near(a, b string, by int) bool {
	var ax, ay, bx, by2 int
	if n, _ := fmt.Sscanf(a, "x %d, y %d", &ax, &ay); n != 2 {
		return false
	}
	if n, _ := fmt.Sscanf(b, "x %d, y %d", &bx, &by2); n != 2 {
		return false
	}
	return max(ax-bx, bx-ax, ay-by2, by2-ay) <= by
}

// Shift-click compares; both views move together.
func TestCompareTwo(t *testing.T) {
	_, b := ready(t, 2)
	b.selectPicture("part 01.png")
	eval[bool](b, `document.querySelector('.thumb[aria-label^="part 02"]').dispatchEvent(new MouseEvent('click', {shiftKey: true, bubbles: true}))`)
	b.wait(`document.querySelectorAll('.pane:not([hidden]) img').length === 2`)
	b.press("+")
	places := `[...document.querySelectorAll('.paper')].map(p => p.style.transform)`
	b.wait(places + `.every(t => t === ` + places + `[0])`)
	names := eval[[]string](b, `[...document.querySelectorAll('.pane')].map(p => p.getAttribute('aria-label').split(',')[0])`)
	if !slices.Equal(names, []string{"part 01.png", "part 02.png"}) {
		t.Errorf("panes show %q", names)
	}
}

// A picture of another shape than the detector's input keeps its own shape on
// the screen, and its heat map lies on it.
func TestLongPicture(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	m := ground(1200, 150, 1)
	spot(m, image.Rect(1000, 30, 1080, 110), 240)
	b.drop(write(t, t.TempDir(), "long.png", encodePNG(t, m)))
	b.settled(1)
	b.wait(`document.querySelector('.pane img') && !document.querySelector('.heat').hidden`)
	got := eval[[]float64](b, `(() => { const a = document.querySelector('.pane img').getBoundingClientRect(), h = document.querySelector('.heat').getBoundingClientRect();
		return [a.width / a.height, a.left - h.left, a.width - h.width, a.height - h.height]; })()`)
	if math.Abs(got[0]-8) > 0.05 || math.Abs(got[1])+math.Abs(got[2])+math.Abs(got[3]) > 0.5 {
		t.Errorf("shape %v, and the map lies off by %v", got[0], got[1:])
	}
}
