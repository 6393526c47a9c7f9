package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"semirest/server/detect"
	"semirest/shared/prep"
)

// still is a source whose pictures show one scene, each with its own grain.
type still struct {
	n     int
	grain int // grey levels
	move  bool
}

func (s still) Len() int          { return s.n }
func (s still) Name(i int) string { return fmt.Sprintf("%03d.png", i) }

func (s still) Picture(i int) ([]byte, prep.Size, error) {
	size := prep.Size{W: 256, H: 256}
	scene := rand.New(rand.NewPCG(7, 7))
	if s.move {
		scene = rand.New(rand.NewPCG(7, uint64(i)))
	}
	tiles := make([]byte, 32*32)
	for k := range tiles {
		tiles[k] = byte(scene.IntN(200))
	}
	rng := rand.New(rand.NewPCG(1, uint64(i)))
	pix := make([]byte, 3*size.W*size.H)
	for y := range size.H {
		for x := range size.W {
			v := tiles[y/8*32+x/8] + byte(rng.IntN(s.grain+1))
			for c := range 3 {
				pix[3*(y*size.W+x)+c] = v
			}
		}
	}
	return pix, size, nil
}

func TestProfileFollowsHowAlikePicturesAre(t *testing.T) {
	library(t)
	for _, c := range []struct {
		source still
		views  bool
		want   string
	}{
		{still{n: 14, grain: 4}, true, "fine"},
		{still{n: 14, grain: 4, move: true}, true, "views"},
		{still{n: 14, grain: 4, move: true}, false, "flat"},
		{still{n: 4, grain: 4}, true, "fine"}, // too few to hold any out: each without its own rows
	} {
		for seed := range uint64(1) {
			cfg := config(t, Un).Fit
			cfg.Seed = seed
			fit, err := ChooseProfile(context.Background(), cfg, c.views, c.source, nil)
			if err != nil {
				t.Fatal(err)
			}
			if fit.Profile != c.want || fit.ProfileWhy == "" {
				t.Errorf("%+v, seed %d: profile %q (%s), want %s", c.source, seed, fit.Profile, fit.ProfileWhy, c.want)
			}
			if fit.BankRows != cfg.BankRows || fit.HoldOut != cfg.HoldOut || fit.PositionWeight != cfg.PositionWeight {
				t.Error("the choice changed other settings of the fit")
			}
		}
	}
}

var _ detect.Source = still{}
