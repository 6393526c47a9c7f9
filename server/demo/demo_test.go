package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/golden.json again")

// golden holds, by picture name, the SHA-256 of the pixels and their mean over every 64 x 64 pixels.
type golden struct {
	SHA256 string `json:"sha256"`
	Mask   string `json:"mask_sha256"`
	Mean   []byte `json:"mean"`
}

// every kind of picture once, and a second good one of each surface
func everyKind() []Picture {
	var all []Picture
	for _, s := range Surfaces() {
		all = append(all, s.Draw(Good, 0), s.Draw(Good, 1))
		for _, k := range s.Kinds {
			all = append(all, s.Draw(k, 1))
		}
	}
	return all
}

// TestPicturesAreTheSameForEver holds the generator to its golden file. On amd64 every byte must be equal; other
// processors may fuse a multiplication and an addition and round a pixel the other way, so there the means must be.
func TestPicturesAreTheSameForEver(t *testing.T) {
	path := filepath.Join("testdata", "golden.json")
	got := make(map[string]golden)
	for _, p := range everyKind() {
		sum, mask := sha256.Sum256(p.RGB), sha256.Sum256(p.Mask)
		got[p.Name()] = golden{hex.EncodeToString(sum[:]), hex.EncodeToString(mask[:]), shrink(p.RGB, 64)}
	}
	if *update {
		text, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]golden
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if len(want) != len(got) {
		t.Fatalf("golden file holds %d pictures, drew %d", len(want), len(got))
	}
	for name, w := range want {
		g := got[name]
		if runtime.GOARCH == "amd64" && (g.SHA256 != w.SHA256 || g.Mask != w.Mask) {
			t.Errorf("%s changed: run with -update and look at the pictures", name)
		}
		if len(g.Mean) != len(w.Mean) {
			t.Fatalf("%s: %d means, want %d", name, len(g.Mean), len(w.Mean))
		}
		for i := range g.Mean {
			if d := int(g.Mean[i]) - int(w.Mean[i]); d < -1 || d > 1 {
				t.Errorf("%s: mean %d is %d, want %d", name, i, g.Mean[i], w.Mean[i])
				break
			}
		}
	}
}

func TestDefectsLieWhereTheMaskSays(t *testing.T) {
	for _, s := range Surfaces() {
		for _, kind := range s.Kinds {
			for number := range 3 {
				bad := s.Draw(kind, number)
				// the same sheet without its defect
				seed := s.seed(slices.Index(s.Kinds, kind)+1, number)
				good, _ := s.draw(rand.New(rand.NewPCG(seed, 'S')), rand.New(rand.NewPCG(seed, 'D')), Good)
				var inside, outside, area float64
				for i, m := range bad.Mask {
					d := 0.0
					for c := range 3 {
						d += math.Abs(float64(bad.RGB[3*i+c]) - float64(good[3*i+c]))
					}
					if m != 0 {
						inside += d
						area++
					} else {
						outside += d
					}
				}
				if area < 500 || area > Side*Side/10 {
					t.Errorf("%s: defect covers %v pixels", bad.Name(), area)
				}
				inside /= area
				outside /= Side*Side - area
				if inside < 25 || inside < 15*outside {
					t.Errorf("%s: mean change %.1f inside the mask, %.2f outside", bad.Name(), inside, outside)
				}
			}
		}
	}
}

func TestGoodPicturesHaveNoMaskAndDiffer(t *testing.T) {
	for _, s := range Surfaces() {
		a, b := s.Draw(Good, 0), s.Draw(Good, 1)
		if bytes.Equal(a.RGB, b.RGB) {
			t.Errorf("%s: two numbers, one picture", s.Name)
		}
		if bytes.ContainsFunc(a.Mask, func(r rune) bool { return r != 0 }) {
			t.Errorf("%s: a good picture has a defect", s.Name)
		}
	}
}

func TestGalleryFiles(t *testing.T) {
	g := NewGallery()
	if len(g.Entries()) != 2*(galleryGood+3*galleryEach) {
		t.Fatalf("%d entries", len(g.Entries()))
	}
	seen := make(map[string]bool)
	for _, e := range g.Entries() {
		if seen[e.Name] || !strings.HasPrefix(e.Name, "synthetic-") || !strings.Contains(e.Title, "synthetic") {
			t.Errorf("entry %q titled %q is not plainly and uniquely labelled", e.Name, e.Title)
		}
		seen[e.Name] = true
	}
	name := "synthetic-brushed-metal-dent-01"
	for what, ask := range map[string]func(string) ([]byte, bool){"image": g.Image, "mask": g.Mask, "thumb": g.Thumb} {
		file, ok := ask(name)
		if !ok {
			t.Fatalf("no %s", what)
		}
		m, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		want := Side
		if what == "thumb" {
			want = ThumbSide
		}
		if m.Bounds().Dx() != want || m.Bounds().Dy() != want {
			t.Errorf("%s is %v", what, m.Bounds())
		}
		if !bytes.Contains(file, []byte(notice)) {
			t.Errorf("%s does not say that it is synthetic", what)
		}
		if _, ok := ask("synthetic-none"); ok {
			t.Errorf("%s of a picture that is not there", what)
		}
	}
}

func TestDrawRefusesAnUnknownKind(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	s, ok := Find("brushed-metal")
	if !ok {
		t.Fatal("no brushed metal")
	}
	if _, ok := Find("marble"); ok {
		t.Error("found marble")
	}
	s.Draw("hole", 0)
}

func BenchmarkDraw(b *testing.B) {
	for _, s := range Surfaces() {
		b.Run(s.Name, func(b *testing.B) {
			for i := range b.N {
				s.Draw(Good, i)
			}
		})
	}
}
