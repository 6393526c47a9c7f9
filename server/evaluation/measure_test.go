package evaluation

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"

	"semirest/server/metric"
	"semirest/server/ort"
	"semirest/server/project"
	"semirest/shared/annot"
	"semirest/shared/block"
	"semirest/shared/heat"
	"semirest/shared/prep"
)

// blobs are stored files.
type blobs map[string][]byte

type readSeekCloser struct{ *bytes.Reader }

func (readSeekCloser) Close() error { return nil }

func (b blobs) OpenBlob(_ context.Context, sha string) (io.ReadSeekCloser, error) {
	data, ok := b[sha]
	if !ok {
		return nil, project.ErrNotFound
	}
	return readSeekCloser{bytes.NewReader(data)}, nil
}

const measuredW, measuredH = 80, 64

// fourPictures are one normal picture and three defective ones of two kinds, by ground
// truth, box and blocks, whose maps are kept: no model is run.
func fourPictures(t *testing.T, j *Judge, files blobs) (cases []Case, masks [][]byte, maps map[Head][]block.Scores) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	truth := make([]byte, measuredW*measuredH)
	img := image.NewGray(image.Rect(0, 0, measuredW, measuredH))
	for y := 10; y < 30; y++ {
		for x := 20; x < 50; x++ {
			truth[y*measuredW+x] = 1
			img.SetGray(x, y, color.Gray{255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	files["mask"] = b.Bytes()
	boxes := annot.New(measuredW, measuredH)
	_, _ = boxes.AddBox(block.Box{X: 30, Y: 20, HalfW: 10, HalfH: 8}, "dent")
	blocks := annot.New(measuredW, measuredH)
	_ = blocks.PaintBlocks(block.Grid{Rows: 8, Cols: 10, Size: 8}, annot.Point{X: 4, Y: 4}, annot.Point{X: 20, Y: 4}, block.Anomalous)
	size := project.Picture{Width: measuredW, Height: measuredH}
	picture := func(sha string, role project.Role, kind, truth string, l *annot.Labels) {
		p := size
		p.ID, p.Name, p.SHA256, p.Role, p.Kind, p.Truth = project.ID(sha), sha+".png", sha, role, kind, truth
		if l != nil {
			p.Labels = &project.State{Revision: 1}
		}
		cases = append(cases, Case{p, l})
	}
	picture("normal", project.Normal, "", "", nil)
	picture("truth", project.Defective, "scratch", "mask", nil)
	picture("box", project.Defective, "", "", boxes.Labels())
	picture("blocks", project.Defective, "dent", "", blocks.Labels())
	picture("unknown", project.Defective, "dent", "", nil)
	masks = [][]byte{make([]byte, len(truth)), truth, MaskOf(boxes.Labels(), true), MaskOf(blocks.Labels(), true)}
	maps = map[Head][]block.Scores{}
	for _, head := range []Head{Trained, Distance} {
		for i, c := range cases[:4] {
			s := block.NewScores(block.Grid{Rows: 8, Cols: 10, Size: 8})
			for k, q := range block.Fractions(s.Grid, masks[i], measuredW, measuredH) {
				s.Values[k] = float32(0.2*q) + rng.Float32()
			}
			if err := writeMap(j.path("model", head, c.Picture), s); err != nil {
				t.Fatal(err)
			}
			maps[head] = append(maps[head], s)
		}
	}
	return cases, masks, maps
}

func TestMeasure(t *testing.T) {
	files := blobs{}
	j := NewJudge(files, t.TempDir(), ort.Options{})
	cases, masks, maps := fourPictures(t, j, files)
	m := project.Model{ID: "m", SHA256: "model", Threshold: 1, Metrics: &project.Metrics{Latency: 12, Learnt: Box, Labelled: 3}}
	r, err := j.Measure(t.Context(), m, cases, nil)
	if err != nil {
		t.Fatal(err)
	}
	measure := func(head Head, of ...int) metric.Pixels {
		var g metric.Group
		for _, i := range of {
			values := heat.New(8, 10, measuredW, measuredH).Map(nil, maps[head][i].Values)
			if err := g.Add(values, masks[i], measuredW, measuredH); err != nil {
				t.Fatal(err)
			}
		}
		return metric.Measure(&g)
	}
	all, plain := measure(Trained, 0, 1, 2, 3), measure(Distance, 0, 1, 2, 3)
	x := r.Metrics
	if *x.AP != all.AP || *x.PRO != all.PRO || *x.AUROC != all.AUROC || *x.Distance != plain.AP || *x.DistancePRO != plain.PRO || *x.DistanceAUROC != plain.AUROC {
		t.Errorf("%v %v %v %v, want %+v and %+v", *x.AP, *x.PRO, *x.AUROC, *x.Distance, all, plain)
	}
	if x.Pictures != 4 || x.Defective != 3 || x.Granule != Box || x.Latency != 12 || x.Learnt != Box || x.Labelled != 3 {
		t.Errorf("%+v", x)
	}
	if len(r.Kinds) != 2 || r.Kinds[0].Kind != "dent" || r.Kinds[0].Pictures != 2 || *r.Kinds[0].AP != measure(Trained, 0, 2, 3).AP || *r.Kinds[1].PRO != measure(Trained, 0, 1).PRO {
		t.Errorf("%+v", r.Kinds)
	}
	missed := 0
	for i, p := range r.Pictures {
		top, _, _ := maps[Trained][i].Max()
		if p.Score != float64(top) || p.Defective != (i > 0) || (p.AP != nil) != (i > 0) {
			t.Errorf("%+v", p)
		}
		if p.Defective && top < 1 {
			missed++
		}
		if i > 0 && *p.AP != measure(Trained, i).AP {
			t.Errorf("%s: AP %v", p.Name, *p.AP)
		}
	}
	if got := r.Kinds[0].Misses + r.Kinds[1].Misses; got != missed {
		t.Errorf("%d misses, want %d", got, missed)
	}

	// Nothing is computed twice: the maps may be gone.
	for _, head := range []Head{Trained, Distance} {
		for _, c := range cases {
			os.Remove(j.path("model", head, c.Picture))
		}
	}
	again, err := j.Measure(t.Context(), m, cases, nil)
	if err != nil || !reflect.DeepEqual(again, r) {
		t.Errorf("the second time %+v, %v", again, err)
	}
	// Other labels are another result.
	cases[2].Picture.Labels = &project.State{Revision: 2}
	if _, err := j.Measure(t.Context(), m, cases, nil); err == nil {
		t.Error("labels were changed and the old result given")
	}
}

// Where pictures have more pixels than there is room for, they are measured smaller,
// and reach about the same.
func TestMeasureSmaller(t *testing.T) {
	for _, c := range []struct{ w, h, toW, toH int }{{80, 64, 40, 32}, {7, 5, 3, 2}, {5, 5, 5, 5}} {
		mask := make([]byte, c.w*c.h)
		for i := range mask {
			if i%c.w >= c.w/2 {
				mask[i] = 1
			}
		}
		got := prep.NearestMask(mask, c.w, c.h, c.toW, c.toH)
		for i, v := range got {
			if centre := (2*(i%c.toW) + 1) * c.w / (2 * c.toW); v != mask[centre] {
				t.Errorf("%+v: pixel %d is %d", c, i, v)
			}
		}
	}
	w := measuring{}
	w.scale([]Case{{Picture: project.Picture{Width: 8000, Height: 6000}}, {Picture: project.Picture{Width: 8000, Height: 6000}}})
	if pixels := 2 * 8000 * 6000 * w.shrink * w.shrink; pixels > 1.001*pixelBudget || pixels < 0.999*pixelBudget {
		t.Errorf("measured at %v pixels", pixels)
	}
}

func TestMeasureNothing(t *testing.T) {
	j := NewJudge(blobs{}, t.TempDir(), ort.Options{})
	r, err := j.Measure(t.Context(), project.Model{SHA256: "model"}, nil, nil)
	if err != nil || r.Metrics.AP != nil || r.Metrics.Pictures != 0 || r.PrecisionRecall != nil {
		t.Errorf("%+v, %v", r, err)
	}
}
