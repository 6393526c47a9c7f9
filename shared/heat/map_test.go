package heat

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

type mapCase struct {
	rows, cols, w, h int
	sigma            float64
	scores, want     []float32
}

func mapCases(t testing.TB) []mapCase {
	text, err := os.ReadFile("testdata/maps.txt")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/maps.f32")
	if err != nil {
		t.Fatal(err)
	}
	take := func(n int) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		data = data[4*n:]
		return out
	}
	var cases []mapCase
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var c mapCase
		if _, err := fmt.Sscan(lines.Text(), &c.rows, &c.cols, &c.w, &c.h, &c.sigma); err != nil {
			t.Fatal(err)
		}
		c.scores, c.want = take(c.rows*c.cols), take(c.w*c.h)
		cases = append(cases, c)
	}
	if len(cases) < 10 || len(data) != 0 {
		t.Fatalf("%d cases, %d bytes left over", len(cases), len(data))
	}
	return cases
}

// The values are PyTorch's and scipy's; see testdata/README.md.
func TestMapEqualsScipy(t *testing.T) {
	for _, c := range mapCases(t) {
		m := NewSmooth(c.rows, c.cols, c.w, c.h, c.sigma, c.sigma)
		for range 2 { // a Mapper is reused
			got := m.Map(nil, c.scores)
			for i := range got {
				if d := math.Abs(float64(got[i] - c.want[i])); !(d <= 1e-5) {
					t.Fatalf("%dx%d to %dx%d, sigma %v, pixel %d: %v, scipy has %v",
						c.rows, c.cols, c.w, c.h, c.sigma, i, got[i], c.want[i])
				}
			}
		}
	}
}

// slowMap is the definition, step by step: bilinear, then the Gaussian along
// columns, then along rows.
func slowMap(rows, cols, w, h int, sigma float64, scores []float32) []float64 {
	up := make([]float64, w*h)
	for y := range h {
		r0, r1, fy := bilinear(y, rows, h)
		for x := range w {
			c0, c1, fx := bilinear(x, cols, w)
			s := func(r, c int) float64 { return float64(scores[r*cols+c]) }
			up[y*w+x] = (1-fy)*((1-fx)*s(r0, c0)+fx*s(r0, c1)) + fy*((1-fx)*s(r1, c0)+fx*s(r1, c1))
		}
	}
	taps := gaussian(sigma)
	mid, out := make([]float64, w*h), make([]float64, w*h)
	for y := range h {
		for x := range w {
			for t, k := range taps {
				mid[y*w+x] += k * up[reflect(y+t-len(taps)/2, h)*w+x]
			}
		}
	}
	for y := range h {
		for x := range w {
			for t, k := range taps {
				out[y*w+x] += k * mid[y*w+reflect(x+t-len(taps)/2, w)]
			}
		}
	}
	return out
}

func randomScores(rng *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = rng.Float32() * 3
	}
	return out
}

func TestMapEqualsItsDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 60 {
		rows, cols, w, h := 1+rng.IntN(20), 1+rng.IntN(20), 1+rng.IntN(120), 1+rng.IntN(120)
		scores := randomScores(rng, rows*cols)
		got, want := New(rows, cols, w, h).Map(nil, scores), slowMap(rows, cols, w, h, Sigma, scores)
		for i := range got {
			if math.Abs(float64(got[i])-want[i]) > 1e-5 {
				t.Fatalf("%dx%d to %dx%d, pixel %d: %v, want %v", rows, cols, w, h, i, got[i], want[i])
			}
		}
	}
}

// A constant stays constant: the weights of a pixel sum to one.
func TestMapKeepsConstant(t *testing.T) {
	scores := []float32{2, 2, 2, 2, 2, 2}
	for _, v := range New(2, 3, 97, 41).Map(nil, scores) {
		if math.Abs(float64(v)-2) > 1e-5 {
			t.Fatal(v)
		}
	}
}

func TestDisplayIsTheSameMapSmaller(t *testing.T) {
	// A quarter of the picture's size: each pixel is the mean of 4 x 4, but for
	// the little that the cut of the Gaussian and the mean smooth.
	rng := rand.New(rand.NewPCG(2, 2))
	scores := randomScores(rng, 16*16)
	full := New(16, 16, 512, 512).Map(nil, scores)
	small := NewDisplay(16, 16, 512, 512, 128, 128).Map(nil, scores)
	for y := range 128 {
		for x := range 128 {
			sum := float32(0)
			for i := range 16 {
				sum += full[(4*y+i/4)*512+4*x+i%4]
			}
			if d := sum/16 - small[y*128+x]; d > 0.03 || d < -0.03 {
				t.Fatalf("pixel %d, %d: %v, want %v", x, y, small[y*128+x], sum/16)
			}
		}
	}
}

func TestFieldRoundsTheMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	m := New(9, 7, 63, 71)
	scores := randomScores(rng, 63)
	values, field := m.Map(nil, scores), m.Field(nil, scores, 0.5, 2.5)
	for i, v := range values {
		want := min(max(math.Floor(float64(v-0.5)/2*255+0.5), 0), 255)
		if math.Abs(float64(field[i])-want) > 1 || math.Abs(float64(field[i])-float64(v-0.5)/2*255) > 0.501 && field[i] != 0 && field[i] != 255 {
			t.Fatalf("%v became %d", v, field[i])
		}
	}
	if again := Quantize(nil, values, 0.5, 2.5); !bytes.Equal(again, field) {
		t.Error("Quantize and Field differ")
	}
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	if got := Quantize(nil, []float32{nan, inf, -inf, 0, 1, 0.5}, 0, 1); !bytes.Equal(got, []byte{0, 255, 0, 0, 255, 128}) {
		t.Error(got)
	}
	if got := Grey16(nil, []float32{nan, inf, -inf, 0, 1, 0.5}, 0, 1); !bytes.Equal(got, []byte{0, 0, 255, 255, 0, 0, 0, 0, 255, 255, 128, 0}) {
		t.Error(got)
	}
}

func TestMapPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"no rows":      func() { New(0, 1, 1, 1) },
		"too wide":     func() { New(1, 1, MaxSide+1, 1) },
		"NaN sigma":    func() { NewSmooth(1, 1, 1, 1, math.NaN(), 1) },
		"scores":       func() { New(2, 2, 4, 4).Map(nil, make([]float32, 3)) },
		"destination":  func() { New(2, 2, 4, 4).Map(make([]float32, 15), make([]float32, 4)) },
		"empty range":  func() { New(2, 2, 4, 4).Field(nil, make([]float32, 4), 1, 1) },
		"no picture":   func() { NewDisplay(2, 2, 0, 5, 4, 4) },
		"grey lengths": func() { Grey16(make([]byte, 3), make([]float32, 2), 0, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestMapAllocatesNothing(t *testing.T) {
	m := New(16, 16, 128, 128)
	scores, dst, field := make([]float32, 256), make([]float32, 128*128), make([]byte, 128*128)
	if n := testing.AllocsPerRun(10, func() { m.Map(dst, scores); m.Field(field, scores, 0, 2) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMap(b *testing.B) {
	for _, n := range []int{512, 1024, 2048} {
		rng := rand.New(rand.NewPCG(1, 1))
		scores := randomScores(rng, 64*64)
		m := New(64, 64, n, n)
		b.Run(fmt.Sprintf("field/%d", n), func(b *testing.B) {
			dst := make([]byte, n*n)
			for b.Loop() {
				m.Field(dst, scores, 0, 2)
			}
		})
		b.Run(fmt.Sprintf("float/%d", n), func(b *testing.B) {
			dst := make([]float32, n*n)
			for b.Loop() {
				m.Map(dst, scores)
			}
		})
		b.Run(fmt.Sprintf("new/%d", n), func(b *testing.B) {
			for b.Loop() {
				New(64, 64, n, n)
			}
		})
	}
}
