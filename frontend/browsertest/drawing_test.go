package browsertest

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"semirest/server/project"
	"semirest/server/web"
	"semirest/shared/annot"
	"semirest/shared/block"
	"semirest/shared/wire"
)

// labelling is a tab that labels pictures of a workbench.
type labelling struct {
	*tab
	bench *workbench
	size  image.Point // of the pictures
	used  float64     // processor time, see processorTime
}

// labelled opens the labelling screen on a picture, in a new storage.
func labelled(t *testing.T, w *workbench, p project.Picture) *labelling {
	t.Helper()
	l := &labelling{tab: newTab(t), bench: w, size: image.Pt(p.Width, p.Height)}
	l.expect("ERR_INTERNET_DISCONNECTED") // the browser's own word of a request that the test cut off
	l.expect("ERR_FAILED")
	l.open(w.url + "/" + labelHash(p))
	l.shown(p)
	return l
}

func labelHash(p project.Picture) string {
	return fmt.Sprintf("#/projects/%s/label/%s", p.Project, p.ID)
}

// shown waits until a picture can be drawn on.
func (l *labelling) shown(p project.Picture) {
	l.t.Helper()
	l.wait(fmt.Sprintf(`document.querySelector('.label-stage .sheet-pane')?.getAttribute('aria-label')?.startsWith(%q)`, p.Name))
}

// beside opens another tab of the same browser: it shares what is stored.
func (l *labelling) beside(p project.Picture) *labelling {
	l.t.Helper()
	ctx, cancel := chromedp.NewContext(l.ctx, chromedp.WithNewWindow(true)) // a tab behind another draws no frames
	l.t.Cleanup(cancel)
	b := &labelling{tab: &tab{t: l.t, ctx: ctx}, bench: l.bench, size: l.size}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900)); err != nil {
		l.t.Fatal(err)
	}
	b.open(l.bench.url + "/" + labelHash(p))
	b.shown(p)
	return b
}

// place is where a pixel of the picture is on the page while the view fits it.
func (l *labelling) place(x, y float64) (float64, float64) {
	l.t.Helper()
	r := eval[[]float64](l.tab, `(() => { const r = document.querySelector('.label-stage .sheet-pane').getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()`)
	w, h := float64(l.size.X), float64(l.size.Y)
	scale := min((r[2]-16)/w, (r[3]-16)/h)
	return r[0] + math.Round(r[2]/2-w/2*scale) + x*scale, r[1] + math.Round(r[3]/2-h/2*scale) + y*scale
}

func (l *labelling) mouse(kind input.DispatchMouseEventType, x, y float64, mods ...chromedp.MouseOption) {
	l.t.Helper()
	px, py := l.place(x, y)
	l.do(chromedp.MouseEvent(kind, px, py, append(mods, chromedp.ButtonLeft)...))
}

// drag presses at a pixel of the picture, goes through the others, and releases.
func (l *labelling) drag(points ...[2]float64) {
	l.t.Helper()
	l.mouse(chromedp.MousePressed, points[0][0], points[0][1])
	last := points[0]
	for _, p := range points[1:] {
		for i := 1; i <= 4; i++ {
			f := float64(i) / 4
			l.mouse(chromedp.MouseMoved, last[0]+f*(p[0]-last[0]), last[1]+f*(p[1]-last[1]))
		}
		last = p
	}
	l.mouse(chromedp.MouseReleased, last[0], last[1])
}

func (l *labelling) clickAt(x, y float64) {
	l.t.Helper()
	l.mouse(chromedp.MousePressed, x, y)
	l.mouse(chromedp.MouseReleased, x, y)
}

// pressCtrl types a key with Ctrl held.
func (l *labelling) pressCtrl(key string) {
	l.t.Helper()
	l.do(chromedp.KeyEvent(key, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
}

// sum waits until the panel sums the labels up like this.
func (l *labelling) sum(text string) {
	l.t.Helper()
	l.wait(fmt.Sprintf(`document.querySelector('.label-panel .sum')?.textContent === %q`, text))
}

// saved waits until the page says that all is with the server.
func (l *labelling) savedAs(revision int) {
	l.t.Helper()
	l.wait(fmt.Sprintf(`document.querySelector('.save-state').textContent === 'Saved · revision %d'`, revision))
}

// stored is what the server holds of a picture; nil for nothing.
func (w *workbench) stored(p project.Picture) (*annot.Labels, project.Revision) {
	w.t.Helper()
	r, err := w.store.Labels(w.t.Context(), p.ID)
	if errors.Is(err, project.ErrNotFound) {
		return nil, r
	}
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := annot.Parse(r.Data)
	if err != nil {
		w.t.Fatal(err)
	}
	return l, r
}

// offline cuts the tab off from the server, or connects it again.
func (b *tab) offline(on bool) {
	b.t.Helper()
	rules := []*network.Conditions{}
	if on {
		rules = append(rules, &network.Conditions{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
	}
	if _, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: rules}); err != nil {
		b.t.Fatal(err)
	}
}

// near says whether a box lies within a pixel of where it should.
func boxNear(b block.Box, x0, y0, x1, y1 float64) bool {
	u0, v0, u1, v1 := b.Bounds()
	return max(math.Abs(u0-x0), math.Abs(v0-y0), math.Abs(u1-x1), math.Abs(v1-y1)) <= 1.01
}

// Three boxes by mouse, one inside another, one by keyboard; undo; reload: they
// are there, with the time they took.
func TestLabelBoxes(t *testing.T) {
	w := newWorkbench(t, false)
	_, pictures := w.project("plates", 1, 3, 0)
	p := pictures[1]
	l := labelled(t, w, p)
	l.drag([2]float64{20, 30}, [2]float64{120, 110})
	l.sum("1 shape")
	l.drag([2]float64{40, 50}, [2]float64{70, 80}) // a box in the box
	l.sum("2 shapes")
	l.drag([2]float64{200, 150}, [2]float64{260, 210})
	l.sum("3 shapes")
	l.press(kb.Escape, "c")
	l.sum("4 shapes")
	l.shot("label-boxes")
	for range 3 {
		l.press(kb.ArrowRight)
	}
	l.pressShift(kb.ArrowDown)
	l.pressCtrl(kb.ArrowRight)
	l.press(".", ".")
	l.wait(`document.querySelector('.label-panel section[aria-label="Selected shape"]').textContent.includes('2°')`)
	l.pressCtrl("z") // both turns were one step
	l.wait(`!document.querySelector('.label-panel section[aria-label="Selected shape"]').textContent.includes('°')`)
	l.press(kb.Enter)
	// Another box, and back.
	l.drag([2]float64{280, 20}, [2]float64{310, 60})
	l.sum("5 shapes")
	l.pressCtrl("z")
	l.sum("4 shapes")
	l.pressCtrl("y")
	l.sum("5 shapes")
	l.press(kb.Delete)
	l.sum("4 shapes")
	l.wait(`document.querySelector('.save-state').textContent.startsWith('Saved')`)
	l.open(w.url + "/?again" + labelHash(p))
	l.shown(p)
	l.sum("4 shapes")
	stored, r := w.stored(p)
	if stored == nil || len(stored.Shapes) != 4 {
		t.Fatalf("the server holds %+v", stored)
	}
	for i, want := range [][4]float64{{20, 30, 120, 110}, {40, 50, 70, 80}, {200, 150, 260, 210}} {
		if !boxNear(stored.Shapes[i].Box, want[0], want[1], want[2], want[3]) {
			t.Errorf("box %d is %+v, drawn at %v", i, stored.Shapes[i].Box, want)
		}
	}
	// 320 x 240: a sixth of 240 around the middle, moved by (3, 10), wider by 1.
	if b := stored.Shapes[3].Box; !boxNear(b, 123, 90, 204, 170) {
		t.Errorf("the box made by keyboard is %+v", b)
	}
	if stored.Spent[annot.ToolBox] < 100 || r.Millis["box"] != stored.Spent[annot.ToolBox] {
		t.Errorf("time: %v in the labels, %v in the list", stored.Spent, r.Millis)
	}
	if r.Boxes != 4 || !strings.Contains(l.text2(".label-panel .total"), ":") {
		t.Errorf("%+v; the page says %q", r.State, l.text2(".label-panel .total"))
	}
	if s := l.text2(".label-panel dl"); !strings.Contains(s, "Boxes") {
		t.Errorf("times by tool: %q", s)
	}
}

// text2 is the text of the first element that css names.
func (b *tab) text2(css string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf(`document.querySelector(%q)?.textContent ?? ''`, css))
}

// A box inside a box: clicks on one place, and the Tab key, go through them.
func TestLabelNested(t *testing.T) {
	w := newWorkbench(t, false)
	_, pictures := w.project("plates", 0, 1, 0)
	l := labelled(t, w, pictures[0])
	l.drag([2]float64{20, 20}, [2]float64{200, 200})
	l.drag([2]float64{60, 60}, [2]float64{140, 140})
	l.drag([2]float64{90, 90}, [2]float64{110, 110})
	l.press(kb.Escape, "v")
	selected := func(size string) {
		t.Helper()
		l.wait(fmt.Sprintf(`document.querySelector('section[aria-label="Selected shape"]').checkVisibility() && document.querySelector('section[aria-label="Selected shape"] .sum').textContent.includes(%q)`, size))
	}
	l.clickAt(100, 100)
	selected("20 × 20")
	l.clickAt(100, 100)
	selected("80 × 80")
	l.clickAt(100, 100)
	selected("180 × 180")
	l.clickAt(100, 100)
	selected("20 × 20")
	// What is selected is what a drag moves, whatever lies on it.
	l.clickAt(100, 100)
	selected("80 × 80")
	l.drag([2]float64{100, 100}, [2]float64{110, 100})
	selected("80 × 80 at 70, 60")
	l.press(kb.Escape)
	l.press(kb.Tab)
	selected("180 × 180")
	l.press(kb.Tab)
	selected("80 × 80")
	l.pressShift(kb.Tab)
	selected("180 × 180")
	l.press(kb.Tab, kb.Tab)
	selected("20 × 20")
	l.press(kb.Tab) // past the last one: out of the picture
	l.wait(`!document.querySelector('.sheet-pane').contains(document.activeElement)`)
}

// Every tool leaves what it should with the server.
func TestLabelTools(t *testing.T) {
	w := newWorkbench(t, false)
	_, pictures := w.project("plates", 0, 2, 0)
	p := pictures[0]
	l := labelled(t, w, p)
	l.press("r") // along the defect, then aside
	l.drag([2]float64{40, 40}, [2]float64{100, 80})
	l.mouse(chromedp.MouseMoved, 95, 100)
	l.clickAt(95, 100)
	l.sum("1 shape")
	l.press(kb.Escape, "l")
	for _, c := range [][2]float64{{200, 40}, {260, 50}, {250, 110}, {210, 100}} {
		l.clickAt(c[0], c[1])
	}
	l.press(kb.Enter)
	l.sum("2 shapes")
	l.press(kb.Escape, "g")
	l.drag([2]float64{60, 180}, [2]float64{120, 180})
	l.wait(`document.querySelector('.label-panel .sum').textContent.includes('blocks')`)
	l.press("d")
	l.drag([2]float64{200, 180}, [2]float64{280, 200})
	l.wait(`document.querySelector('.label-panel .sum').textContent.includes('px')`)
	l.shot("label-tools")
	l.press("e")
	l.drag([2]float64{230, 160}, [2]float64{230, 230})
	l.press(kb.Escape)
	l.wait(`document.querySelector('.save-state').textContent.startsWith('Saved')`)
	stored, r := w.stored(p)
	if len(stored.Shapes) != 2 || stored.Shapes[0].Box.Angle == 0 || !stored.Shapes[1].Polygon() || len(stored.Shapes[1].Points) != 4 {
		t.Fatalf("shapes %+v", stored.Shapes)
	}
	if a := stored.Shapes[0].Box.Angle * 180 / math.Pi; math.Abs(a-math.Atan2(40, 60)*180/math.Pi) > 1 {
		t.Errorf("the rotated box lies at %.1f degrees", a)
	}
	if len(stored.Layers) != 1 || stored.Layers[0].Grid.Size != 8 || r.Blocks < 5 {
		t.Errorf("layers %+v, %d blocks", stored.Layers, r.Blocks)
	}
	if !stored.Mask.Contains(210, 182) || stored.Mask.Contains(230, 187) || !stored.Mask.Contains(270, 197) {
		t.Error("the mask is not what was painted and rubbed out")
	}
	for _, tool := range []annot.Tool{annot.ToolRotated, annot.ToolPolygon, annot.ToolBlock8, annot.ToolBrush, annot.ToolEraser} {
		if stored.Spent[tool] == 0 {
			t.Errorf("no time was kept for %s", tool)
		}
	}
	// 'This picture is normal' takes all away, and undo brings it back.
	l.press("n")
	l.sum("Normal: no defect")
	l.wait(`document.querySelector('.label-panel .normal').ariaPressed === 'true'`)
	l.pressCtrl("z")
	l.wait(`document.querySelector('.label-panel .sum').textContent.includes('2 shapes')`)
	l.press("n", "u") // on to the next that waits
	l.shown(pictures[1])
	end := time.Now().Add(10 * time.Second)
	for {
		if s, _ := w.stored(p); s.Normal {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the picture is not normal")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// A picture is labelled without a mouse: box by corners, brush, polygon, blocks.
func TestLabelByKeyboard(t *testing.T) {
	w := newWorkbench(t, false)
	_, pictures := w.project("plates", 0, 2, 0)
	p := pictures[0]
	l := labelled(t, w, p)
	move := func(dx, dy int) { // tens of pixels
		for range dx {
			l.pressShift(kb.ArrowRight)
		}
		for range dy {
			l.pressShift(kb.ArrowDown)
		}
	}
	l.press("b", kb.ArrowLeft) // the cursor appears in the middle of the view
	l.press(" ")
	move(4, 3)
	l.press(" ")
	l.sum("1 shape")
	l.press(kb.Escape, "d", " ")
	move(3, 0)
	l.press(" ")
	l.wait(`document.querySelector('.label-panel .sum').textContent.includes('px')`)
	l.press("l", " ")
	move(3, 0)
	l.press(" ")
	move(0, 3)
	l.press(" ", kb.Enter)
	l.wait(`document.querySelector('.label-panel .sum').textContent.includes('2 shapes')`)
	l.press(kb.Escape, "h", " ", kb.ArrowRight, kb.ArrowRight, " ")
	l.wait(`document.querySelector('.label-panel .sum').textContent.includes('3 blocks')`)
	l.shot("label-keyboard")
	l.wait(`document.querySelector('.save-state').textContent.startsWith('Saved')`)
	stored, _ := w.stored(p)
	if len(stored.Shapes) != 2 || !boxNear(stored.Shapes[0].Box, 159, 120, 199, 150) {
		t.Errorf("shapes %+v", stored.Shapes)
	}
	l.press(kb.PageDown)
	l.shown(pictures[1])
	l.press("i")
	l.shown(p)
}

// Who is quicker than the screen draws where they pointed all the same.
func TestLabelBeforeTheFirstFrame(t *testing.T) {
	w := newWorkbench(t, false)
	_, pictures := w.project("plates", 0, 2, 0)
	p := pictures[1]
	l := labelled(t, w, pictures[0])
	l.press("b")
	eval[bool](l.tab, `(window.requestAnimationFrame = (f) => setTimeout(f, 1000), true)`)
	l.press(kb.PageDown)
	l.wait(fmt.Sprintf(`document.querySelector('.label-title').textContent === %q && document.querySelector('.sheet-pane')`, p.Name))
	l.drag([2]float64{40, 30}, [2]float64{120, 90})
	l.savedAs(1)
	if stored, _ := w.stored(p); len(stored.Shapes) != 1 || !boxNear(stored.Shapes[0].Box, 40, 30, 120, 90) {
		t.Errorf("shapes %+v", stored.Shapes)
	}
}

// stranger is a detector of something else: all that it sees is a defect to it.
type stranger struct{ *contrast }

func (s stranger) Score(ctx context.Context, pixels []byte, origins []block.Cell) ([]block.Scores, error) {
	out, err := s.contrast.Score(ctx, pixels, origins)
	for _, o := range out {
		for i := range o.Values {
			o.Values[i] += 10 * threshold
		}
	}
	return out, err
}

// The map of a detector that was made for other pictures is not laid over these.
func TestLabelBesideAStrangersDetector(t *testing.T) {
	w := newWorkbench(t, false)
	_, pictures := w.project("plates", 0, 1, 0)
	err := w.server.Install(web.Detector{Name: "metal", Model: "m", Preset: "lite", Supervision: "none", Created: time.Unix(1700000000, 0),
		Input: w.scorer.input, Block: 8, Kind: wire.Distance, Threshold: threshold, FalseAlarms: 0.01, Scorer: stranger{w.scorer}})
	if err != nil {
		t.Fatal(err)
	}
	l := labelled(t, w, pictures[0])
	l.wait(`document.querySelector('.label-panel').textContent.includes('not like those that the detector metal learnt from')`)
	if eval[bool](l.tab, `document.querySelector('.heat-rows').checkVisibility()`) {
		t.Error("its map can be shown")
	}
	l.press("p")
	l.sum("Not labelled")
}

// What a detector proposes is accepted, corrected or dismissed by one key each.
func TestLabelProposals(t *testing.T) {
	w := newWorkbench(t, false)
	pr, pictures := w.project("plates", 0, 2, 0)
	if err := w.serve(pr); err != nil {
		t.Fatal(err)
	}
	p := pictures[0]
	l := labelled(t, w, p)
	l.wait(`document.querySelector('.heat-rows').checkVisibility()`)
	l.press("p")
	l.sum("1 proposal")
	l.shot("label-proposal")
	if s, _ := w.stored(p); s != nil && s.Labelled() {
		t.Error("a proposal counts before it is accepted")
	}
	l.press("a")
	l.sum("1 shape")
	l.press("p") // what is labelled is not proposed again
	l.sum("1 shape")
	l.wait(`document.querySelector('.save-state').textContent.startsWith('Saved')`)
	stored, _ := w.stored(p)
	at := spotAt(0)
	x0, y0, x1, y1 := stored.Shapes[0].Bounds()
	if len(stored.Shapes) != 1 ||
		math.Abs(x0-float64(at.Min.X)) > 6 || math.Abs(y0-float64(at.Min.Y)) > 6 || math.Abs(x1-float64(at.Max.X)) > 6 || math.Abs(y1-float64(at.Max.Y)) > 6 {
		t.Errorf("the accepted box %+v is not about the spot %v", stored.Shapes, at)
	}
	l.press("g", "p")
	l.wait(`document.querySelector('.label-panel .sum').textContent.includes('blocks')`)
	l.press("o")
	l.wait(`!document.querySelector('.label-panel .settings input[type=checkbox]:not(:checked)')?.disabled`)
}
