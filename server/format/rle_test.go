package format

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"semirest/shared/annot"
)

// speckled is a random mask: marked pixels [h, w], with some structure.
func speckled(rng *rand.Rand, w, h int, share float64) []byte {
	pix := make([]byte, w*h)
	for i := range pix {
		switch {
		case rng.Float64() < share:
			pix[i] = 1
		case i > 0 && rng.IntN(2) == 0:
			pix[i] = pix[i-1]
		}
	}
	return pix
}

// slowRuns codes a whole picture the plain way: pixel by pixel down the columns.
func slowRuns(pix []byte, w, h int) []int {
	out := []int{0}
	var on byte
	for x := range w {
		for y := range h {
			if v := pix[y*w+x]; v != on {
				out, on = append(out, 0), v
			}
			out[len(out)-1]++
		}
	}
	return out
}

func TestRunLengths(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		w, h := 1+rng.IntN(12), 1+rng.IntN(12)
		pix := speckled(rng, w, h, []float64{0.02, 0.1, 0.5, 1}[rng.IntN(4)])
		m := annot.MaskOf(pix, w, h)
		if m.Empty() {
			continue
		}
		got, want := whole(&m, h).runLengths(w, h), slowRuns(pix, w, h)
		if !slices.Equal(got, want) {
			t.Fatalf("%d x %d %v: %v, want %v", w, h, pix, got, want)
		}
		back, err := decompress(compress(got))
		if err != nil || !slices.Equal(back, got) {
			t.Fatalf("%v became %v, %v", got, back, err)
		}
		again := make([]byte, w*h)
		if err := mark(again, w, h, got); err != nil || !bytes.Equal(again, pix) {
			t.Fatalf("%v: %v became %v, %v", got, pix, again, err)
		}
		// The regions are the mask's parts.
		clear(again)
		n := 0
		for _, g := range regions(&m, h) {
			n += g.count
			if err := mark(again, w, h, g.runLengths(w, h)); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(again, pix) || n != m.Count() {
			t.Fatalf("regions of %v are %v", pix, again)
		}
	}
}
