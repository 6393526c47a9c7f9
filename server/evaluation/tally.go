package evaluation

import (
	"maps"
	"math"
	"slices"

	"semirest/server/metric"
)

// Measures are those of METHOD section 8, fractions of 1. One that is undefined, as a pixel measure without anomalous
// pixels, is nil: JSON holds no NaN.
type Measures struct {
	AP         *float64 `json:"pixel_ap"`
	PRO        *float64 `json:"pro"`
	AUROC      *float64 `json:"pixel_auroc"`
	ImageAUROC *float64 `json:"image_auroc"`
}

// Tally collects maps and their truth, kind of defect by kind of defect. The zero Tally is empty.
type Tally struct{ kinds map[string]*tallied }

// tallied are the pictures of one kind.
type tallied struct {
	pixels metric.Group
	images []float32 // image scores
}

func (t *Tally) of(kind string) *tallied {
	if t.kinds == nil {
		t.kinds = make(map[string]*tallied)
	}
	k := t.kinds[kind]
	if k == nil {
		k = new(tallied)
		t.kinds[kind] = k
	}
	return k
}

// Add takes in a picture of a kind, "" for a normal one: its image score top, its map and its mask [h, w], any byte
// but 0 in the mask being anomalous. A map that holds NaN is an error.
func (t *Tally) Add(kind string, top float32, values []float32, mask []byte, w, h int) error {
	k := t.of(kind)
	k.images = append(k.images, top)
	return k.pixels.Add(values, mask, w, h)
}

// Kinds are the kinds of defects, sorted.
func (t *Tally) Kinds() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(t.kinds)), func(k string) bool { return k == "" })
}

// Count is how many pictures of a kind there are, and how many of them score below a threshold.
func (t *Tally) Count(kind string, threshold float64) (pictures, below int) {
	images := t.of(kind).images
	for _, s := range images {
		if float64(s) < threshold {
			below++
		}
	}
	return len(images), below
}

// groups are the pixels and the image scores of kinds, the normal pictures' pixels first.
func (t *Tally) groups(kinds []string) (pixels []*metric.Group, images []float32) {
	pixels = append(pixels, &t.of("").pixels)
	for _, kind := range kinds {
		k := t.of(kind)
		pixels, images = append(pixels, &k.pixels), append(images, k.images...)
	}
	return pixels, images
}

// Measure measures pictures of some kinds together with the normal ones.
func (t *Tally) Measure(kinds ...string) (Measures, error) {
	pixels, images := t.groups(kinds)
	image, err := metric.AUROC(t.of("").images, images)
	m := metric.Measure(pixels...)
	return Measures{AP: finite(m.AP), PRO: finite(m.PRO), AUROC: finite(m.AUROC), ImageAUROC: finite(image)}, err
}

// Curves are precision over recall and overlap over false-positive rate of all pictures, in about n points each.
func (t *Tally) Curves(n int) (precisionRecall, overlap []metric.Point) {
	pixels, _ := t.groups(t.Kinds())
	return metric.PrecisionRecall(n, pixels...), metric.Overlap(n, pixels...)
}

// finite is nil for what is no number, which JSON cannot hold.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
