package synth

import (
	"math"
	"testing"
)

// disc draws a disc of one colour before a background that gets brighter to
// the right by slope grey levels, with noise of the given amplitude.
func disc(w, h int, cx, cy, r float64, ground, colour, slope, noise float64) (Picture, []byte) {
	rng := seeded(11)
	p, truth := NewPicture(w, h), make([]byte, w*h)
	for y := range h {
		for x := range w {
			v := ground + slope*float64(x)/float64(w)
			if math.Hypot(float64(x)-cx, float64(y)-cy) < r {
				v = colour
				truth[y*w+x] = 1
			}
			for c := range 3 {
				p.Pix[3*(y*w+x)+c] = toByte(v + noise*(rng.Float64()*2-1))
			}
		}
	}
	return p, truth
}

// overlap is the intersection over the union.
func overlap(a, b []byte) float64 {
	in, un := 0, 0
	for i := range a {
		if a[i] != 0 && b[i] != 0 {
			in++
		}
		if a[i] != 0 || b[i] != 0 {
			un++
		}
	}
	return float64(in) / float64(un)
}

func TestSilhouette(t *testing.T) {
	for _, c := range []struct {
		name                         string
		ground, colour, slope, noise float64
		x, y, r                      float64
	}{
		{"dark on white", 250, 40, 0, 2, 150, 128, 100},
		{"bright on dark, lit from one side", 30, 190, 60, 6, 120, 140, 70},
		{"small", 128, 200, 10, 3, 200, 60, 35},
		{"low contrast", 120, 165, 0, 3, 128, 128, 90},
	} {
		p, truth := disc(256, 256, c.x, c.y, c.r, c.ground, c.colour, c.slope, c.noise)
		got, ok := Silhouette(p)
		if !ok {
			t.Errorf("%s: no silhouette", c.name)
			continue
		}
		if iou := overlap(got, truth); iou < 0.93 {
			t.Errorf("%s: overlap %.3f", c.name, iou)
		}
	}
}

func TestSilhouetteFillsHolesAndSkipsBars(t *testing.T) {
	p, truth := disc(256, 256, 128, 140, 80, 240, 60, 0, 2)
	for y := range 256 {
		for x := range 256 {
			bar := y < 6
			hole := math.Hypot(float64(x)-128, float64(y)-140) < 40
			if bar || hole {
				for c := range 3 {
					p.Pix[3*(y*256+x)+c] = map[bool]byte{true: 20, false: 240}[bar]
				}
			}
		}
	}
	got, ok := Silhouette(p)
	if !ok {
		t.Fatal("no silhouette")
	}
	if iou := overlap(got, truth); iou < 0.93 {
		t.Errorf("overlap %.3f", iou)
	}
}

// A single texture may look like an object by chance (two of the forty-eight
// do: a stain, a lone brick), so the decision is made for a set.
func TestTexturesCountWhole(t *testing.T) {
	flat := NewPicture(128, 128)
	for i := range flat.Pix {
		flat.Pix[i] = 128
	}
	sets := [][]Picture{{flat}, {colourful(256, 192)}}
	all := Procedural()
	for i := 0; i < len(all); i += proceduralEach {
		sets = append(sets, all[i:i+proceduralEach])
	}
	for i, set := range sets {
		if got := DecideForeground(ForegroundAuto, set); got != ForegroundAll {
			t.Errorf("set %d: %s", i, got)
		}
	}
}

func TestDecideForeground(t *testing.T) {
	object, _ := disc(128, 128, 64, 64, 40, 250, 40, 0, 1)
	texture := Procedural()[0]
	for _, c := range []struct {
		name     string
		mode     ForegroundMode
		pictures []Picture
		want     ForegroundMode
	}{
		{"objects", ForegroundAuto, []Picture{object, object, object, object, texture}, ForegroundObject},
		{"mixed", ForegroundAuto, []Picture{object, texture}, ForegroundAll},
		{"none", ForegroundAuto, nil, ForegroundAll},
		{"told", ForegroundAll, []Picture{object}, ForegroundAll},
	} {
		if got := DecideForeground(c.mode, c.pictures); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if Foreground(ForegroundObject, texture) != nil {
		t.Error("a picture without silhouette should count whole")
	}
	if fg := Foreground(ForegroundObject, object); fg == nil || count(fg) == len(fg) {
		t.Error("the object should be the foreground")
	}
	if _, err := ParseForeground("some"); err == nil {
		t.Error("an unknown mode was taken")
	}
}
