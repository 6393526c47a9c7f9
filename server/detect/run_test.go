package detect

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"semirest/models/weights"
	"semirest/server/ort"
	"semirest/shared/prep"
)

// startORT loads ONNX Runtime; the error says what to run where it is missing.
func startORT(t testing.TB) {
	t.Helper()
	path, err := ort.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	if err := ort.Init(path); err != nil {
		t.Fatal(err)
	}
}

// fabric draws a normal picture: the same stripes, their own noise.
func fabric(seed uint64, size prep.Size) []byte {
	rng := rand.New(rand.NewPCG(seed, 77))
	pix := make([]byte, 0, 3*size.W*size.H)
	for y := range size.H {
		for x := range size.W {
			v := 110
			if x/16%2 == 0 {
				v += 40
			}
			if y/32%2 == 0 {
				v += 25
			}
			v += rng.IntN(9)
			pix = append(pix, byte(v), byte(v-10), byte(v-30))
		}
	}
	return pix
}

// spoil draws a dark square of 32 pixels at (x, y).
func spoil(pix []byte, size prep.Size, x, y int) []byte {
	for dy := range 32 {
		for dx := range 32 {
			at := 3 * ((y+dy)*size.W + x + dx)
			pix[at], pix[at+1], pix[at+2] = 20, 25, 30
		}
	}
	return pix
}

// fabrics is a Source of n pictures of one size. broken, if not 0, is a picture
// that cannot be read.
type fabrics struct {
	n      int
	size   prep.Size
	broken int
}

func (f fabrics) Len() int          { return f.n }
func (f fabrics) Name(i int) string { return fmt.Sprintf("fabric-%02d", i) }

func (f fabrics) Picture(i int) ([]byte, prep.Size, error) {
	if f.broken != 0 && i == f.broken {
		return nil, prep.Size{}, fmt.Errorf("fabric-%02d is damaged", i)
	}
	return fabric(uint64(i), f.size), f.size, nil
}

// quick is the lite preset, small.
func quick(t testing.TB) FitConfig {
	t.Helper()
	w, err := weights.Default()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Lite()
	cfg.Weights, cfg.Ref, cfg.BankRows, cfg.PoolRows = w, 256, 300, 3000
	return cfg
}

var square = prep.Size{W: 256, H: 256}

// fitted is a detector that several tests look at and none changes.
type fitted struct {
	sync.Once
	m   *Model
	err error
}

func (f *fitted) model(t testing.TB, cfg FitConfig, src Source) *Model {
	t.Helper()
	startORT(t)
	f.Do(func() { f.m, f.err = Fit(context.Background(), cfg, src, nil) })
	if f.err != nil {
		t.Fatal(f.err)
	}
	return f.m
}

var small, tiles fitted

func smallModel(t testing.TB) *Model {
	t.Helper()
	return small.model(t, quick(t), fabrics{n: 12, size: square})
}

// wide is cut into tiles of 128 pixels by tiledModel.
var wide = prep.Size{W: 512, H: 256}

func tiledModel(t testing.TB) *Model {
	t.Helper()
	cfg := quick(t)
	cfg.Ref, cfg.TileSide, cfg.Tile = 512, 128, prep.Tile{Ref: 512, Overlap: 32}
	return tiles.model(t, cfg, fabrics{n: 3, size: wide})
}
