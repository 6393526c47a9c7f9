package metric

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"testing"

	"semirest/server/npy"
)

// Values of scikit-learn and of MVTec's evaluation algorithm: testdata/README.md.
func TestMeasureEqualsReference(t *testing.T) {
	var cases []struct {
		Name       string
		PixelAP    float64 `json:"pixel_ap"`
		PixelAUROC float64 `json:"pixel_auroc"`
		PRO        float64
		ImageAUROC float64 `json:"image_auroc"`
	}
	data, err := os.ReadFile("testdata/measures.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		scores, err := npy.ReadFile("testdata/" + c.Name + "_scores.npy")
		if err != nil {
			t.Fatal(err)
		}
		masks, err := npy.ReadFile("testdata/" + c.Name + "_masks.npy")
		if err != nil {
			t.Fatal(err)
		}
		n, h, w := scores.Shape[0], scores.Shape[1], scores.Shape[2]
		// Every image its own group: any split into groups gives the same.
		for _, split := range []int{1, n} {
			groups := make([]*Group, split)
			var images [2][]float32
			for i := range n {
				s, m := scores.F32[i*h*w:(i+1)*h*w], masks.U8[i*h*w:(i+1)*h*w]
				if groups[i%split] == nil {
					groups[i%split] = &Group{}
				}
				if err := groups[i%split].Add(s, m, w, h); err != nil {
					t.Fatal(err)
				}
				images[slices.Max(m)] = append(images[slices.Max(m)], slices.Max(s))
			}
			got := Measure(groups...)
			image, err := AUROC(images[0], images[1])
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range []struct {
				what      string
				got, want float64
			}{
				{"pixel AP", got.AP, c.PixelAP}, {"pixel AUROC", got.AUROC, c.PixelAUROC},
				{"PRO", got.PRO, c.PRO}, {"image AUROC", image, c.ImageAUROC},
			} {
				if !(math.Abs(v.got-v.want) < 1e-9) {
					t.Errorf("%s in %d groups: %s %.12f, want %.12f", c.Name, split, v.what, v.got, v.want)
				}
			}
		}
	}
}

// sample is one image of the oracle.
type sample struct {
	scores []float32
	mask   []byte
	w, h   int
}

// oracle is the definition, threshold by threshold over all pixels.
func oracle(samples []sample) Pixels {
	var thresholds []float32
	type regionPixels []int // indices
	var regionsOf [][]regionPixels
	normal, anomalous, count := 0, 0, 0
	for _, s := range samples {
		thresholds = append(thresholds, s.scores...)
		// Regions by repeated relaxation of the smallest index.
		id := make([]int, len(s.mask))
		for i := range id {
			id[i] = i
		}
		for changed := true; changed; {
			changed = false
			for i := range id {
				for j := range id {
					dx, dy := i%s.w-j%s.w, i/s.w-j/s.w
					if s.mask[i] != 0 && s.mask[j] != 0 && dx*dx <= 1 && dy*dy <= 1 && id[j] < id[i] {
						id[i], changed = id[j], true
					}
				}
			}
		}
		of := map[int]regionPixels{}
		for i, m := range s.mask {
			if m == 0 {
				normal++
				continue
			}
			anomalous++
			of[id[i]] = append(of[id[i]], i)
		}
		var list []regionPixels
		for _, r := range of {
			list = append(list, r)
		}
		regionsOf = append(regionsOf, list)
		count += len(list)
	}
	sort.Slice(thresholds, func(i, j int) bool { return thresholds[i] > thresholds[j] })
	thresholds = slices.Compact(thresholds)
	type point struct{ recall, precision, fpr, pro float64 }
	points := []point{{}}
	for _, at := range thresholds {
		tp, fp, overlap := 0, 0, 0.0
		for k, s := range samples {
			for i, v := range s.scores {
				if v >= at && s.mask[i] != 0 {
					tp++
				} else if v >= at {
					fp++
				}
			}
			for _, r := range regionsOf[k] {
				found := 0
				for _, i := range r {
					if s.scores[i] >= at {
						found++
					}
				}
				overlap += float64(found) / float64(len(r))
			}
		}
		points = append(points, point{float64(tp) / float64(anomalous), float64(tp) / float64(tp+fp),
			float64(fp) / float64(normal), overlap / float64(count)})
	}
	var m Pixels
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		m.AP += (b.recall - a.recall) * b.precision
		m.AUROC += (b.fpr - a.fpr) * (b.recall + a.recall) / 2
		if b.fpr > FPRLimit && a.fpr < FPRLimit {
			b.pro = a.pro + (b.pro-a.pro)*(FPRLimit-a.fpr)/(b.fpr-a.fpr)
			b.fpr = FPRLimit
		}
		if b.fpr <= FPRLimit {
			m.PRO += (b.fpr - a.fpr) * (a.pro + b.pro) / 2 / FPRLimit
		}
	}
	return m
}

func TestMeasureEqualsDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for trial := range 60 {
		levels := []float32{2, 5, 1e6}[trial%3] // few levels: ties within and across images
		var samples []sample
		var groups []*Group
		for range 1 + rng.IntN(3) {
			s := sample{w: 1 + rng.IntN(9), h: 1 + rng.IntN(7)}
			for range s.w * s.h {
				v := float32(math.Floor(float64(rng.Float32()*levels)))/levels - 0.4
				s.scores = append(s.scores, v)
				s.mask = append(s.mask, byte(rng.IntN(3)/2))
			}
			s.mask[0], s.mask[len(s.mask)-1] = 1, 0
			if s.w*s.h == 1 {
				s.mask = []byte{0}
			}
			g := &Group{}
			if err := g.Add(s.scores, s.mask, s.w, s.h); err != nil {
				t.Fatal(err)
			}
			samples, groups = append(samples, s), append(groups, g)
		}
		got, want := Measure(groups...), oracle(samples)
		if len(groups) == 1 && samples[0].w*samples[0].h == 1 {
			continue // no defect: measures undefined, see below
		}
		for _, d := range []float64{got.AP - want.AP, got.PRO - want.PRO, got.AUROC - want.AUROC} {
			if math.IsNaN(got.AP) != math.IsNaN(want.AP) || math.Abs(d) > 1e-12 {
				t.Fatalf("trial %d: %+v, want %+v", trial, got, want)
			}
		}
	}
}

func TestMeasureEdges(t *testing.T) {
	add := func(scores []float32, mask []byte) *Group {
		g := &Group{}
		if err := g.Add(scores, mask, len(scores), 1); err != nil {
			t.Fatal(err)
		}
		return g
	}
	nan := math.NaN()
	cases := []struct {
		name string
		g    *Group
		want Pixels
	}{
		{"nothing", &Group{}, Pixels{nan, nan, nan}},
		{"no defect", add([]float32{1, 2}, []byte{0, 0}), Pixels{nan, nan, nan}},
		{"defects only", add([]float32{1, 2}, []byte{1, 1}), Pixels{1, nan, nan}},
		{"perfect", add([]float32{1, 2}, []byte{0, 1}), Pixels{1, 1, 1}},
		{"all wrong", add([]float32{2, 1}, []byte{0, 1}), Pixels{0.5, 0, 0}},
		{"both zeros are one score", add([]float32{0, float32(math.Copysign(0, -1))}, []byte{0, 1}), Pixels{0.5, 0.15, 0.5}},
		{"infinities are scores", add([]float32{float32(math.Inf(-1)), float32(math.Inf(1))}, []byte{0, 1}), Pixels{1, 1, 1}},
	}
	same := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 || math.IsNaN(a) && math.IsNaN(b) }
	for _, c := range cases {
		got := Measure(c.g)
		if !same(got.AP, c.want.AP) || !same(got.PRO, c.want.PRO) || !same(got.AUROC, c.want.AUROC) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if err := (&Group{}).Add([]float32{float32(nan)}, []byte{0}, 1, 1); !errors.Is(err, ErrNotFinite) {
		t.Errorf("NaN: error %v", err)
	}
	g := add([]float32{3, 1}, []byte{0, 1})
	Measure(g)
	if err := g.Add([]float32{4}, []byte{1}, 1, 1); err != nil { // after a measure
		t.Fatal(err)
	}
	if got, want := Measure(g).AUROC, 0.5; got != want {
		t.Errorf("added after measuring: AUROC %v, want %v", got, want)
	}
}

func TestRadixSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 2, 1000, 30000} {
		a := make([]uint32, n)
		b := make([]uint64, n)
		for i := range a {
			a[i] = rng.Uint32() >> (rng.UintN(4) * 8)
			b[i] = uint64(a[i])<<32 | uint64(i)
		}
		want32, want64 := slices.Clone(a), slices.Clone(b)
		slices.Sort(want32)
		slices.Sort(want64) // the low half rises with the index, so stable is sorted
		radixSort(a, 0)
		radixSort(b, 32)
		if !slices.Equal(a, want32) || !slices.Equal(b, want64) {
			t.Errorf("%d values are out of order", n)
		}
	}
}

// 100 images of 400x300; mtd, the largest set at hand, has 579.
func BenchmarkMeasure(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	const w, h, n = 400, 300, 100
	scores, mask := make([]float32, w*h), make([]byte, w*h)
	for i := range mask[:w*20] {
		mask[i] = 1
	}
	for b.Loop() {
		g := &Group{}
		for range n {
			for i := range scores {
				scores[i] = rng.Float32()
			}
			if err := g.Add(scores, mask, w, h); err != nil {
				b.Fatal(err)
			}
		}
		Measure(g)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(w*h*n), "ns/pixel")
}
