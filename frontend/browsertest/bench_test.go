package browsertest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"semirest/shared/prep"
)

// The measurements of make bench. They print; what they find depends on the
// machine, so no bound is checked here.

func bench(t *testing.T) {
	t.Helper()
	if os.Getenv("SEMIREST_BENCH") == "" {
		t.Skip("set SEMIREST_BENCH=1 to measure")
	}
}

func report(t *testing.T, what string, unit string, values []float64, bound string) {
	t.Helper()
	s := slices.Sorted(slices.Values(values))
	at := func(q float64) float64 { return s[min(int(math.Ceil(q*float64(len(s))))-1, len(s)-1)] }
	fmt.Printf("%-44s min %7.1f  p50 %7.1f  p95 %7.1f  max %7.1f %s  (%s; n=%d, %d cores)\n",
		what, s[0], at(0.5), at(0.95), s[len(s)-1], unit, bound, len(s), runtime.NumCPU())
}

// From navigation to both Go instances running, each time with an empty cache.
func TestBenchPageToReady(t *testing.T) {
	bench(t)
	r := newRig(t)
	var ready []float64
	for range 7 {
		b := newTab(t)
		b.open(r.url)
		ready = append(ready, eval[float64](b, `performance.getEntriesByName('ready')[0].startTime`))
	}
	report(t, "navigation to ready", "ms", ready, "wanted: 500 or less")
}

// photo is a 4000 x 3000 JPEG, 4:2:0, with the detail of a photograph and some
// spots that contrast finds.
func photo(t *testing.T) []byte {
	t.Helper()
	const w, h = 4000, 3000
	rnd := rand.New(rand.NewPCG(4, 2))
	m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	for y := range h {
		for x := range w {
			m.Y[y*m.YStride+x] = uint8(128 + 25*math.Sin(float64(x)/37)*math.Cos(float64(y)/53) + float64(rnd.IntN(24)))
		}
	}
	for range 5 {
		x0, y0 := rnd.IntN(w-200), rnd.IntN(h-200)
		for y := range 160 {
			for x := range 160 {
				m.Y[(y0+y)*m.YStride+x0+x] = uint8(220 + rnd.IntN(24))
			}
		}
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = uint8(120+rnd.IntN(8)), uint8(130+rnd.IntN(8))
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// largest makes the page measure its main thread's longest gap: by how much a
// tick of 4 ms comes late. Ticks without a pause between them would be finer,
// and would take a whole core from what is measured.
const largest = `(() => {
	window.gap = 0;
	let last = performance.now();
	setInterval(() => { const now = performance.now(); window.gap = Math.max(window.gap, now - last - 4); last = now; }, 4);
	return true;
})()`

func TestBenchTwelveMegapixels(t *testing.T) {
	bench(t)
	r := newRig(t)
	r.page.input = prep.Size{W: 512, H: 512}
	r.install("even", "model-512", r.page, prep.Tile{})
	b := newTab(t)
	b.open(r.url)
	dir := t.TempDir()
	file := photo(t)
	fmt.Printf("a JPEG of 4000x3000, %.1f MB, to a crop of 512x512\n", float64(len(file))/1e6)
	stages := map[string][]float64{}
	var whole, gaps, idle []float64
	for i := range 8 {
		name := fmt.Sprintf("photo %d.jpg", i)
		path := write(t, dir, name, append(bytes.Clone(file), byte(i)))
		if i == 1 {
			eval[bool](b, largest)
			for range 5 {
				eval[bool](b, `(window.gap = 0, true)`)
				time.Sleep(700 * time.Millisecond)
				idle = append(idle, eval[float64](b, `window.gap`))
			}
		}
		eval[bool](b, `(window.gap = 0, true)`)
		b.drop(path)
		b.settled(i + 1)
		time.Sleep(300 * time.Millisecond) // the page's own drawing counts too
		gap := eval[float64](b, `window.gap`)
		b.selectPicture(name)
		b.wait(`document.getElementById('times').children.length`)
		rows := eval[[][]string](b, `[...document.querySelectorAll('#times dt')].map(d => [d.dataset.stage, d.nextSibling.textContent])`)
		if i == 0 {
			continue // the first one warms up
		}
		sum := 0.0
		for _, row := range rows {
			var v float64
			if _, err := fmt.Sscanf(row[1], "%f ms", &v); err != nil {
				t.Fatal(err)
			}
			stages[row[0]] = append(stages[row[0]], v)
			if slices.Contains([]string{"read", "decode", "resize"}, row[0]) {
				sum += v
			}
		}
		whole, gaps = append(whole, sum), append(gaps, gap)
	}
	for _, s := range []string{"read", "decode", "resize", "thumbnail"} {
		report(t, "  "+s, "ms", stages[s], "stage")
	}
	report(t, "12 MP JPEG to its crop", "ms", whole, "wanted: 400 or less")
	report(t, "longest main-thread gap of an idle page", "ms", idle, "what the machine itself adds")
	report(t, "longest main-thread gap meanwhile", "ms", gaps, "wanted: 50 or less")
}

// The work of a frame while the threshold slider moves: look-up, upload of the
// canvas, contours.
func TestBenchSliderFrames(t *testing.T) {
	bench(t)
	r := newRig(t)
	r.page.input = prep.Size{W: 512, H: 512}
	r.install("even", "model-512", r.page, prep.Tile{})
	b := newTab(t)
	b.open(r.url)
	m := ground(1024, 1024, 2)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 12 { // defects here and there, so that there are contours to trace
		x, y := rnd.IntN(960), rnd.IntN(960)
		for dy := range 40 {
			for dx := range 40 {
				m.SetNRGBA(x+dx, y+dy, color.NRGBA{uint8(160 + rnd.IntN(80)), 200, 200, 255})
			}
		}
	}
	b.drop(write(t, t.TempDir(), "even.png", encodePNG(t, m)))
	b.settled(1)
	b.wait(`document.querySelector('.heat').width === 1024`)
	text := eval[string](b, `(async () => {
		const s = document.getElementById('threshold'), frame = () => new Promise(requestAnimationFrame);
		const start = performance.now();
		performance.clearMeasures('frame');
		for (let i = 0; i < 240; i++) {
			s.value = 0.5 + 1.5 * (i % 120) / 120;
			s.dispatchEvent(new Event('input'));
			await frame();
		}
		await frame();
		window.perSecond = 240000 / (performance.now() - start);
		return performance.getEntriesByName('frame').map(e => e.duration.toFixed(2)).join(' ');
	})()`)
	var work []float64
	for _, s := range strings.Fields(text) {
		var v float64
		fmt.Sscan(s, &v)
		work = append(work, v)
	}
	report(t, "slider: work of a frame at 1024 pixels", "ms", work, "wanted: p95 of 8 or less")
	fmt.Printf("%-44s %.0f frames a second\n", "slider", eval[float64](b, `window.perSecond`))
}
