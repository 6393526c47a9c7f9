package detect

import (
	"math"
	"math/rand/v2"
	"testing"

	"semirest/models/graph"
	"semirest/server/ort"
)

// adaptiveMean is torch's adaptive_avg_pool1d.
func adaptiveMean(v []float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		from, to := i*len(v)/n, ((i+1)*len(v)+n-1)/n
		for _, x := range v[from:to] {
			out[i] += x / float64(to-from)
		}
	}
	return out
}

// unfold is a cell's patch as PatchCore's PatchMaker lays it out: channel, then
// the 3x3 cells, zeros beyond the border.
func unfold(x []float32, c, h, w, row, col int) []float64 {
	var patch []float64
	for ch := range c {
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				v, y, x0 := 0.0, row+dy, col+dx
				if y >= 0 && y < h && x0 >= 0 && x0 < w {
					v = float64(x[(ch*h+y)*w+x0])
				}
				patch = append(patch, v)
			}
		}
	}
	return patch
}

// PatchCore unfolds 3x3 patches, brings each layer to 1024 numbers and both
// layers' 2048 to 1024, by adaptive averages. Here with c channels in the place
// of layer2's 512 and layer3's 1024.
func TestNeighbourhoodsArePatchCores(t *testing.T) {
	startORT(t)
	const c, h, w = 6, 4, 5
	g, err := graph.Build("neighbourhoods", func(b *graph.Builder) {
		x := b.Input("x", graph.Float32, 1, c, h, w)
		b.Output("centred", centred3x3(b, x))
		b.Output("mean", mean3x3(b, x))
	})
	if err != nil {
		t.Fatal(err)
	}
	session, err := ort.Open(g.Marshal(), ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	rng := rand.New(rand.NewPCG(3, 4))
	x := make([]float32, c*h*w)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	out, err := session.Run(t.Context(), ort.Feeds{"x": ort.Of(x, 1, c, h, w)})
	if err != nil {
		t.Fatal(err)
	}
	for row := range h {
		for col := range w {
			patch := unfold(x, c, h, w, row, col)
			for name, want := range map[string][]float64{
				"centred": adaptiveMean(adaptiveMean(patch, 2*c), c),
				"mean":    adaptiveMean(patch, c),
			} {
				got := out[name].F32()
				for ch := range c {
					if v := float64(got[(ch*h+row)*w+col]); math.Abs(v-want[ch]) > 1e-6 {
						t.Fatalf("%s, cell (%d, %d), channel %d: %v, want %v", name, row, col, ch, v, want[ch])
					}
				}
			}
		}
	}
}
