package evaluation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"semirest/server/metric"
	"semirest/server/project"
	"semirest/shared/heat"
	"semirest/shared/prep"
)

// Result is what a model reaches on a project's pictures.
type Result struct {
	Key      string          `json:"key"` // of what it was computed from
	Model    project.ID      `json:"model"`
	Metrics  project.Metrics `json:"metrics"`
	Kinds    []Kind          `json:"kinds"`
	Pictures []Picture       `json:"pictures"`

	// Curves of the model and of the plain distance.
	PrecisionRecall         []metric.Point `json:"precision_recall"`
	Overlap                 []metric.Point `json:"overlap"`
	DistancePrecisionRecall []metric.Point `json:"distance_precision_recall"`
	DistanceOverlap         []metric.Point `json:"distance_overlap"`
}

// Kind measures one kind of defect, its pictures with the normal ones.
type Kind struct {
	Kind     string `json:"kind"`
	Pictures int    `json:"pictures"`
	Measures
	Misses int `json:"misses"`
}

// Picture is how a picture did.
type Picture struct {
	ID        project.ID `json:"id"`
	Name      string     `json:"name"`
	SHA256    string     `json:"sha256"`
	Kind      string     `json:"kind"` // empty: normal
	Granule   string     `json:"granule,omitempty"`
	Defective bool       `json:"defective"`
	Score     float64    `json:"score"`    // calibrated
	AP        *float64   `json:"pixel_ap"` // within the picture
}

// Points of a curve, at least.
const curvePoints = 200

// pixelBudget bounds what all pictures are measured at together; where they have more
// pixels, all are measured smaller. A pixel costs 9 bytes at the worst.
const pixelBudget = 80 << 20

// Measure measures a stored model on those of the cases whose anomalous pixels are
// known. It returns what it computed before where nothing has changed. progress may be
// nil.
func (j *Judge) Measure(ctx context.Context, m project.Model, cases []Case, progress func(done, total int)) (*Result, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	cases = slices.DeleteFunc(slices.Clone(cases), func(c Case) bool { return !c.Located() })
	w := &measuring{judge: j, model: m, threshold: m.Threshold}
	if w.threshold == 0 {
		w.threshold = 1
	}
	key := w.key(cases)
	if r := j.readResult(m.SHA256, key); r != nil {
		r.Model = m.ID
		return r, nil
	}
	w.scale(cases)
	r := new(Result)
	heads := []Head{Trained, Distance}
	if m.Supervision == "none" {
		heads = heads[:1] // they are the same
	}
	for k, head := range heads { // one after the other: pixels take room
		w.tally = new(Tally)
		for i, c := range cases {
			progress(k*len(cases)+i, len(heads)*len(cases))
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := w.add(ctx, head, i, c); err != nil {
				return nil, fmt.Errorf("evaluation: %w", err)
			}
		}
		if err := w.sum(r, head); err != nil {
			return nil, fmt.Errorf("evaluation: %w", err)
		}
	}
	if len(heads) == 1 {
		x := &r.Metrics
		x.Distance, x.DistancePRO, x.DistanceAUROC, x.DistanceImage = x.AP, x.PRO, x.AUROC, x.ImageAUROC
		r.DistancePrecisionRecall, r.DistanceOverlap = r.PrecisionRecall, r.Overlap
	}
	r.Pictures = w.pictures
	r.Metrics.Pictures, r.Metrics.Granule, r.Metrics.Latency = len(w.pictures), w.granule, median(w.took)
	r.Key, r.Model = key, m.ID
	if m.Metrics != nil {
		r.Metrics.Learnt, r.Metrics.Labelled = m.Metrics.Learnt, m.Metrics.Labelled
		if r.Metrics.Latency == 0 {
			r.Metrics.Latency = m.Metrics.Latency
		}
	}
	progress(len(heads)*len(cases), len(heads)*len(cases))
	j.writeResult(m.SHA256, r)
	return r, nil
}

// measuring carries one Measure.
type measuring struct {
	judge     *Judge
	model     project.Model
	threshold float64
	shrink    float64  // of the pictures' sides
	tally     *Tally   // of one head
	masks     [][]byte // at the size that is measured
	pictures  []Picture
	took      []time.Duration
	granule   string
}

func (w *measuring) key(cases []Case) string {
	sum := sha256.New()
	fmt.Fprintln(sum, "2", w.model.SHA256, w.threshold)
	for _, c := range cases {
		p, revision := c.Picture, uint64(0)
		if p.Labels != nil {
			revision = p.Labels.Revision
		}
		fmt.Fprintf(sum, "%s %s %q %q %s %d %v\n", p.ID, p.SHA256, p.Name, c.Kind(), p.Truth, revision, c.Verdict())
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// scale decides how much smaller than themselves pictures are measured.
func (w *measuring) scale(cases []Case) {
	pixels := 0.0
	for _, c := range cases {
		pixels += float64(c.Picture.Width) * float64(c.Picture.Height)
	}
	w.shrink = min(1, math.Sqrt(pixelBudget/max(pixels, 1)))
}

// add scores a picture and takes its pixels in.
func (w *measuring) add(ctx context.Context, head Head, at int, c Case) error {
	p := c.Picture
	width, height := max(1, int(w.shrink*float64(p.Width))), max(1, int(w.shrink*float64(p.Height)))
	if head == Trained {
		full, granule, err := c.truth(ctx, w.judge.files)
		if err != nil {
			return err
		}
		mask := prep.NearestMask(full, p.Width, p.Height, width, height)
		w.masks = append(w.masks, mask)
		out := Picture{ID: p.ID, Name: p.Name, SHA256: p.SHA256, Granule: granule}
		if slices.Contains(mask, 1) {
			out.Defective, out.Kind = true, c.Kind()
			if w.granule == "" || slices.Index(Granules, granule) < slices.Index(Granules, w.granule) {
				w.granule = granule
			}
		}
		w.pictures = append(w.pictures, out)
	}
	out, mask := &w.pictures[at], w.masks[at]
	s, took, err := w.judge.Scores(ctx, w.model.SHA256, head, p)
	if err != nil {
		return err
	}
	values := heat.NewDisplay(s.Rows, s.Cols, p.Width, p.Height, width, height).Map(nil, s.Values)
	top, _, _ := s.Max()
	if err := w.tally.Add(out.Kind, top, values, mask, width, height); err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	if head != Trained {
		return nil
	}
	if took > 0 {
		w.took = append(w.took, took)
	}
	if out.Score = float64(top); !out.Defective {
		return nil
	}
	var own metric.Group
	if err := own.Add(values, mask, width, height); err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	out.AP = finite(metric.Measure(&own).AP)
	return nil
}

// sum puts a head's measures into the result: over all kinds, and of the trained one
// also of each kind with the normal pictures.
func (w *measuring) sum(r *Result, head Head) error {
	kinds := w.tally.Kinds()
	m, err := w.tally.Measure(kinds...)
	if err != nil {
		return err
	}
	x := &r.Metrics
	if head == Distance {
		x.Distance, x.DistancePRO, x.DistanceAUROC, x.DistanceImage = m.AP, m.PRO, m.AUROC, m.ImageAUROC
		r.DistancePrecisionRecall, r.DistanceOverlap = w.tally.Curves(curvePoints)
		return nil
	}
	x.AP, x.PRO, x.AUROC, x.ImageAUROC = m.AP, m.PRO, m.AUROC, m.ImageAUROC
	r.PrecisionRecall, r.Overlap = w.tally.Curves(curvePoints)
	for _, name := range kinds {
		k := Kind{Kind: name}
		k.Pictures, k.Misses = w.tally.Count(name, w.threshold)
		x.Defective += k.Pictures
		if k.Measures, err = w.tally.Measure(name); err != nil {
			return err
		}
		r.Kinds = append(r.Kinds, k)
	}
	return nil
}

// median is in milliseconds.
func median(took []time.Duration) float64 {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return float64(took[len(took)/2].Microseconds()) / 1000
}

func (j *Judge) readResult(sha, key string) *Result {
	text, err := os.ReadFile(filepath.Join(j.folder(sha), "result.json"))
	if err != nil {
		return nil
	}
	r := new(Result)
	if json.Unmarshal(text, r) != nil || r.Key != key {
		return nil
	}
	return r
}

// writeResult keeps a result where it can: on a full disk it is computed again.
func (j *Judge) writeResult(sha string, r *Result) {
	if text, err := json.Marshal(r); err == nil {
		_ = Keep(filepath.Join(j.folder(sha), "result.json"), text)
	}
}
