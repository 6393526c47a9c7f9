package browsertest

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"semirest/server/project"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// watchPointer makes the page note, for every pointer event on the picture, how
// long it took from the event's handler, and from the input itself, to the end
// of the frame that drew it: style, layout, paint and the canvases' raster
// included. The first task after a frame runs when these are done.
const watchPointer = `(() => {
	window.latency = []; window.waited = [];
	const after = new MessageChannel();
	let open = null;
	after.port1.onmessage = () => { const now = performance.now(); for (const [t, s] of open) { latency.push(now - t); waited.push(now - s); } open = null; };
	const note = (e) => {
		if (!e.target.closest?.('.sheet-pane')) return;
		const now = performance.now();
		if (open) { open.push([now, e.timeStamp]); return; }
		open = [[now, e.timeStamp]];
		// The page's own frame was asked for before or is asked for after this one; both belong to the same frame.
		requestAnimationFrame(() => after.port2.postMessage(0));
	};
	for (const kind of ['pointerdown', 'pointermove', 'pointerup', 'wheel']) addEventListener(kind, note, {capture: true, passive: true});
	return true;
})()`

// measured prints what watchPointer noted since the last call.
func (l *labelling) measured(what string) {
	l.t.Helper()
	numbers := func(list string) []float64 {
		var out []float64
		for _, s := range strings.Fields(eval[string](l.tab, list+`.map(v => v.toFixed(2)).join(' ')`)) {
			var v float64
			fmt.Sscan(s, &v)
			out = append(out, v)
		}
		return out
	}
	if v := numbers("latency"); len(v) > 0 {
		report(l.t, "label: "+what, "ms", v, "event to drawn; wanted: p95 of 16.7 or less")
	}
	if n, used := len(numbers("latency")), processorTime()-l.used; n > 0 && used > 0 {
		fmt.Printf("%-44s %.1f ms of processor time an event, over all of the browser's processes\n", "", used/float64(n))
	}
	if v := numbers("waited"); len(v) > 0 {
		report(l.t, "  from the input itself", "ms", v, "the wait for the next frame included")
	}
	if v := numbers("performance.getEntriesByName('label').map(e => e.duration)"); len(v) > 0 {
		report(l.t, "  of which the page's own work", "ms", v, "a frame")
	}
	l.reset()
}

func (l *labelling) reset() {
	l.t.Helper()
	eval[bool](l.tab, `(latency = [], waited = [], performance.clearMeasures('label'), true)`)
	l.used = processorTime()
}

// boxes saves n boxes as a picture's labels.
func (w *workbench) boxes(p project.Picture, n int) {
	w.t.Helper()
	e := annot.New(p.Width, p.Height)
	rnd := rand.New(rand.NewPCG(8, 4))
	for range n {
		s := float64(min(p.Width, p.Height)) / 60
		b := block.Box{X: rnd.Float64() * float64(p.Width), Y: rnd.Float64() * float64(p.Height), HalfW: s * (0.3 + rnd.Float64()), HalfH: s * (0.3 + rnd.Float64())}
		if rnd.IntN(4) == 0 {
			b.Angle = rnd.Float64() * math.Pi
		}
		if _, err := e.AddBox(b, ""); err != nil {
			w.t.Fatal(err)
		}
	}
	if _, err := w.store.SaveLabels(w.t.Context(), project.Revision{Picture: p.ID, SaveID: "bench", Data: e.Labels().Append(nil), State: project.State{Author: "bench"}}); err != nil {
		w.t.Fatal(err)
	}
}

// picture adds a JPEG of w x h with the detail of a photograph.
func (w *workbench) picture(in project.ID, name string, width, height int) project.Picture {
	w.t.Helper()
	rnd := rand.New(rand.NewPCG(4, 2))
	m := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	for y := range height {
		for x := range width {
			m.Y[y*m.YStride+x] = uint8(128 + 25*((x/37+y/53)%3) + rnd.IntN(16))
		}
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = 124, 132
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 85}); err != nil {
		w.t.Fatal(err)
	}
	p, err := w.store.AddPicture(w.t.Context(), project.Picture{Project: in, Name: name, Width: width, Height: height, Role: project.Defective}, &b)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// wander moves the pointer n times around, from where the picture's part (fx,
// fy) is seen.
func (l *labelling) wander(n int, fx, fy float64, kind input.DispatchMouseEventType, button chromedp.MouseOption) {
	l.t.Helper()
	r := eval[[]float64](l.tab, `(() => { const r = document.querySelector('.label-stage .sheet-pane').getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()`)
	x0, y0 := r[0]+fx*r[2], r[1]+fy*r[3]
	if kind == chromedp.MousePressed {
		l.do(chromedp.MouseEvent(chromedp.MousePressed, x0, y0, button))
	}
	x, y := x0, y0
	for i := range n {
		a := 2 * math.Pi * float64(i) / float64(n)
		x, y = x0+220*math.Sin(a), y0+140*math.Sin(2*a)
		l.do(chromedp.MouseEvent(chromedp.MouseMoved, x, y, button))
	}
	if kind == chromedp.MousePressed {
		l.do(chromedp.MouseEvent(chromedp.MouseReleased, x, y, button))
	}
}

// From a pointer event to what it drew, with 2,000 boxes on the picture and
// with a picture of 48 megapixels.
func TestBenchLabelling(t *testing.T) {
	bench(t)
	w := newWorkbench(t, false)
	pr, err := w.store.CreateProject(t.Context(), project.Project{Name: "bench"})
	if err != nil {
		t.Fatal(err)
	}
	many := w.picture(pr.ID, "many.jpg", 2000, 1500)
	w.boxes(many, 2000)
	large := w.picture(pr.ID, "large.jpg", 8000, 6000)
	both := w.picture(pr.ID, "both.jpg", 8000, 6000)
	w.boxes(both, 2000)
	for _, c := range []struct {
		name string
		p    project.Picture
	}{{"2,000 boxes", many}, {"48 MP", large}, {"48 MP, 2,000 boxes", both}} {
		l := labelled(t, w, c.p)
		eval[bool](l.tab, `(() => { window.levels = 0; return true; })()`)
		l.do(chromedp.Func(func(context.Context, *chromedp.Target) error { time.Sleep(3 * time.Second); return nil })) // the smaller levels are made
		eval[bool](l.tab, watchPointer)
		const n = 60
		l.press("b")
		l.reset()
		l.wander(n, 0.5, 0.5, chromedp.MousePressed, chromedp.ButtonLeft)
		l.measured(c.name + ": draw a box")
		l.press("v")
		l.reset()
		l.wander(n, 0.5, 0.5, chromedp.MousePressed, chromedp.ButtonLeft)
		l.measured(c.name + ": move a box")
		l.press("d")
		for range 5 {
			l.press("]")
		}
		l.reset()
		l.wander(n, 0.4, 0.4, chromedp.MousePressed, chromedp.ButtonLeft)
		l.measured(c.name + ": brush")
		l.press("h")
		l.reset()
		l.wander(n, 0.4, 0.6, chromedp.MousePressed, chromedp.ButtonLeft)
		l.measured(c.name + ": blocks")
		l.press("+", "+", "+", "+", "+")
		l.reset()
		l.wander(n, 0.5, 0.5, chromedp.MousePressed, chromedp.ButtonMiddle)
		l.measured(c.name + ": pan")
		l.press("d")
		l.reset()
		l.wander(n, 0.4, 0.4, chromedp.MousePressed, chromedp.ButtonLeft)
		l.measured(c.name + ": brush, zoomed in")
	}
}

// processorTime is what this test's browser has used of all processors, in
// milliseconds; 0 where the system does not tell. Unlike a latency it says the
// same on a busy machine.
func processorTime() float64 {
	parents := map[int]int{}
	used := map[int]float64{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		// The name, in brackets, may hold anything; see proc_pid_stat(5).
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if len(fields) < 13 {
			continue
		}
		parents[pid], _ = strconv.Atoi(fields[1])
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		used[pid] = (user + system) * 10 // ticks of a hundredth of a second
	}
	sum := 0.0
	for pid := range used {
		for at := parents[pid]; at > 1; at = parents[at] {
			if at == os.Getpid() {
				sum += used[pid]
				break
			}
		}
	}
	return sum
}
