package heat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func area(line []Point) float64 {
	sum := 0.0
	for i, p := range line {
		q := line[(i+1)%len(line)]
		sum += float64(p.X)*float64(q.Y) - float64(q.X)*float64(p.Y)
	}
	return sum / 2
}

func TestContourOfOnePixel(t *testing.T) {
	values := make([]float32, 25)
	values[12] = 1
	lines := Contours(nil, values, 5, 5, 0.5)
	want := []Point{{2, 2.5}, {2.5, 2}, {3, 2.5}, {2.5, 3}}
	if len(lines) != 1 || fmt.Sprint(lines[0]) != fmt.Sprint(want) {
		t.Fatalf("%v, want %v", lines, want)
	}
}

func TestContourAtTheEdge(t *testing.T) {
	// All above: the picture's own outline, corners cut by half a pixel.
	values := []float32{1, 1, 1, 1, 1, 1}
	lines := Contours(nil, values, 3, 2, 0.5)
	if len(lines) != 1 || len(lines[0]) != 10 {
		t.Fatalf("%v", lines)
	}
	for _, p := range lines[0] {
		if p.X != 0 && p.X != 3 && p.Y != 0 && p.Y != 2 {
			t.Errorf("%v is not on the edge", p)
		}
	}
}

func TestContourWithHole(t *testing.T) {
	w := 9
	values := make([]float32, w*w)
	for y := 1; y < 8; y++ {
		for x := 1; x < 8; x++ {
			if x < 3 || x > 5 || y < 3 || y > 5 {
				values[y*w+x] = 1
			}
		}
	}
	lines := Contours(nil, values, w, w, 0.5)
	if len(lines) != 2 || !(area(lines[0]) > 0) || !(area(lines[1]) < 0) {
		t.Fatalf("%d lines: %v", len(lines), lines)
	}
}

// inside says whether a point lies in the lines by counting crossings.
func inside(lines [][]Point, x, y float64) bool {
	in := false
	for _, line := range lines {
		for i, p := range line {
			q := line[(i+1)%len(line)]
			py, qy := float64(p.Y), float64(q.Y)
			if (py > y) != (qy > y) && x < float64(p.X)+(y-py)/(qy-py)*float64(q.X-p.X) {
				in = !in
			}
		}
	}
	return in
}

// Every pixel's centre lies inside the lines exactly if its value is above the
// threshold, on noise as on smooth maps, saddles and no-numbers included; lines
// are closed, with steps of at most a pixel and a half.
func TestContoursSeparate(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for round := range 300 {
		w, h := 1+rng.IntN(12), 1+rng.IntN(12)
		values := make([]float32, w*h)
		for i := range values {
			switch round % 3 {
			case 0:
				values[i] = rng.Float32()
			case 1:
				values[i] = float32(rng.IntN(2))
			default:
				values[i] = rng.Float32()*1e30 - 5e29
				if rng.IntN(5) == 0 {
					values[i] = float32(math.NaN())
				}
				if rng.IntN(9) == 0 {
					values[i] = float32(math.Inf(rng.IntN(2)*2 - 1))
				}
			}
		}
		threshold := float32(0.501)
		if round%3 == 2 {
			threshold = 0
		}
		lines := Contours(nil, values, w, h, threshold)
		total := 0
		for _, line := range lines {
			total += len(line)
			for i, p := range line {
				q := line[(i+1)%len(line)]
				if d := math.Hypot(float64(p.X-q.X), float64(p.Y-q.Y)); d > 1.5 {
					t.Fatalf("a step of %v", d)
				}
			}
		}
		for i, v := range values {
			// A hair beside the centre: lines may run through it.
			if inside(lines, float64(i%w)+0.5+1e-7, float64(i/w)+0.5+2e-7) != (v >= threshold) && math.Abs(float64(v-threshold)) > 1e-4 {
				t.Fatalf("round %d, %dx%d %v: pixel %d is on the wrong side of %v", round, w, h, values, i, lines)
			}
		}
		// Each neighbouring pair on two sides of the threshold is crossed once.
		crossings := 0
		at := func(x, y int) bool { return x >= 0 && y >= 0 && x < w && y < h && values[y*w+x] >= threshold }
		for y := -1; y < h; y++ {
			for x := -1; x < w; x++ {
				if at(x, y) != at(x+1, y) {
					crossings++
				}
				if at(x, y) != at(x, y+1) {
					crossings++
				}
			}
		}
		if total != crossings {
			t.Fatalf("%d points for %d crossings", total, crossings)
		}
	}
}

func BenchmarkContours1024(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	values := New(64, 64, 1024, 1024).Map(nil, randomScores(rng, 64*64))
	var lines [][]Point
	for b.Loop() {
		lines = Contours(lines[:0], values, 1024, 1024, 2)
	}
	b.ReportMetric(float64(len(lines)), "lines")
}
