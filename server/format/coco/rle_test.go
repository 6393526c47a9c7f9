package coco

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"semirest/server/format/outline"
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
		got, want := runLengths(outline.Whole(&m, h), w, h), slowRuns(pix, w, h)
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
		for _, g := range outline.Regions(&m, h) {
			n += g.Count
			if err := mark(again, w, h, runLengths(g, w, h)); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(again, pix) || n != m.Count() {
			t.Fatalf("regions of %v are %v", pix, again)
		}
	}
}

// TestRunsOfPycocotools holds the coding of runs to the reference's own bytes.
func TestRunsOfPycocotools(t *testing.T) {
	text, err := os.ReadFile("testdata/rle.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Size   [2]int
		Pixels string
		Counts []int
		String string
		Area   int
		BBox   [4]int
	}
	if err := json.Unmarshal(text, &cases); err != nil || len(cases) != 7 {
		t.Fatal(len(cases), err)
	}
	for _, c := range cases {
		h, w := c.Size[0], c.Size[1]
		pix := []byte(strings.ReplaceAll(strings.ReplaceAll(c.Pixels, "0", "\x00"), "1", "\x01"))
		m := annot.MaskOf(pix, w, h)
		g := outline.Whole(&m, h)
		b := g.Bounds
		counts := runLengths(g, w, h)
		if !slices.Equal(counts, c.Counts) || compress(counts) != c.String || g.Count != c.Area || [4]int{b.Min.X, b.Min.Y, b.Dx(), b.Dy()} != c.BBox {
			t.Errorf("%d x %d: %d pixels in %v, %s", w, h, g.Count, b, compress(counts))
		}
		back, err := decompress(c.String)
		if err != nil || !slices.Equal(back, c.Counts) {
			t.Errorf("%d x %d: %v %v", w, h, back, err)
		}
		again := make([]byte, w*h)
		if err := mark(again, w, h, back); err != nil || !slices.Equal(again, pix) {
			t.Errorf("%d x %d: %v", w, h, err)
		}
	}
}
