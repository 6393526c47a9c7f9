package loop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"semirest/server/evaluation"
	"semirest/server/project"
	"semirest/shared/block"
)

// Candidate is an unlabelled picture, and how much a label of it would teach.
//
// Uncertainty is the mean entropy of those of its blocks that the detector is least
// sure of: a block at the threshold is as likely normal as anomalous. Spread is how
// far the picture's look lies from those that are labelled or come before it, against
// the farthest: farthest-first (Gonzalez 1985; Sener and Savarese, Active Learning for
// Convolutional Neural Networks: A Core-Set Approach, ICLR 2018). Either counts for
// half; without a detector, spread alone.
type Candidate struct {
	Picture     project.ID `json:"picture"`
	Name        string     `json:"name"`
	Worth       float64    `json:"worth"`       // 0 to 1, what the order is by
	Uncertainty float64    `json:"uncertainty"` // 0 to 1; negative: no detector has seen it yet
	Spread      float64    `json:"spread"`      // 0 to 1; negative: not looked at yet
	Reason      string     `json:"reason"`      // "" where a picture before it has the same: it says nothing of this one
}

// steepness is how fast a block's chance to be anomalous, by its calibrated score s,
// turns round at the threshold: s^k / (s^k + 1).
const steepness = 4

// leastSure is the share of a picture's blocks whose entropy counts, the least sure
// ones, and their least number.
const (
	leastSure     = 0.01
	leastSureLess = 4
)

// Next orders the pictures that a person could label by what it would teach, at most n
// of them, the most useful first. Pictures that were brought in as normal, and ones
// with a ground truth, need no label. What could not be computed within Patience goes
// on beside, and counts at a later call.
func (l *Loop) Next(ctx context.Context, of project.ID, n int) ([]Candidate, error) {
	p, err := l.store.Project(ctx, of)
	if err != nil {
		return nil, err
	}
	pictures, err := l.store.Pictures(ctx, of)
	if err != nil {
		return nil, err
	}
	var open, done []project.Picture
	for _, x := range pictures {
		switch {
		case labelled(x):
			done = append(done, x)
		case x.Role != project.Normal && x.Truth == "":
			open = append(open, x)
		}
	}
	sha := ""
	if p.Deployed != "" {
		m, err := l.store.Model(ctx, p.Deployed)
		if err != nil && !errors.Is(err, project.ErrNotFound) {
			return nil, err
		}
		sha = m.SHA256
	}
	if err := l.look(ctx, of, sha, open, done); err != nil {
		return nil, err
	}
	return l.rank(sha, open, done, n), nil
}

// labelled reports whether a person has said something about the picture.
func labelled(p project.Picture) bool {
	s := p.Labels
	return s != nil && (s.Normal || s.Pixels > 0 || s.Boxes+s.Polygons+s.Blocks > 0)
}

// look has the pictures looked at, for Patience; then it goes on beside until the Loop
// stops. A project's pictures are looked at by one goroutine at a time.
func (l *Loop) look(ctx context.Context, of project.ID, sha string, open, done []project.Picture) error {
	l.mu.Lock()
	finished, ok := l.looking[of]
	if !ok {
		finished = make(chan struct{})
		l.looking[of] = finished
	}
	beside := l.beside
	l.mu.Unlock()
	work := func(ctx context.Context) {
		l.lookAt(ctx, sha, open, done)
		l.mu.Lock()
		delete(l.looking, of)
		l.mu.Unlock()
		close(finished)
	}
	switch {
	case ok:
	case beside != nil:
		beside(work)
	default: // not started: nothing may go on after this call
		short, cancel := context.WithTimeout(ctx, l.Patience)
		defer cancel()
		work(short)
	}
	patience := time.NewTimer(l.Patience)
	defer patience.Stop()
	select {
	case <-finished:
	case <-patience.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// lookAt looks at pictures and scores the open ones. A picture that does not read is
// passed over: the order is of the others.
func (l *Loop) lookAt(ctx context.Context, sha string, open, done []project.Picture) {
	for _, p := range slices.Concat(open, done) {
		if ctx.Err() != nil {
			return
		}
		if _, err := l.looks.at(ctx, p); err != nil && ctx.Err() == nil {
			l.Options.Log.Warn("a picture cannot be looked at", "picture", p.Name, "error", err)
		}
	}
	for _, p := range open {
		if sha == "" || ctx.Err() != nil {
			return
		}
		if _, _, err := l.judge.Scores(ctx, sha, evaluation.Trained, p); err != nil && ctx.Err() == nil {
			l.Options.Log.Warn("a picture cannot be scored", "picture", p.Name, "error", err)
		}
	}
}

// rank orders by what is known now.
func (l *Loop) rank(sha string, open, done []project.Picture, n int) []Candidate {
	list := make([]candidate, 0, len(open))
	for _, p := range open {
		c := candidate{Candidate: Candidate{Picture: p.ID, Name: p.Name, Uncertainty: -1, Spread: -1}, near: math.Inf(1)}
		c.look, _ = l.looks.kept(p)
		if sha != "" {
			if s, ok := l.judge.Kept(sha, evaluation.Trained, p); ok {
				c.Uncertainty, c.blocks = uncertainty(s)
				top, _, _ := s.Max()
				c.top = float64(top)
			}
		}
		list = append(list, c)
	}
	var known [][]float32
	for _, p := range done {
		if v, ok := l.looks.kept(p); ok {
			known = append(known, v)
		}
	}
	return order(list, known, n)
}

// candidate is a Candidate on its way.
type candidate struct {
	Candidate
	look   []float32
	near   float64 // distance of its look from the nearest that is labelled or came before
	blocks int     // near the threshold
	top    float64 // image score
	first  bool    // nothing was there to be far from
}

// order takes candidates one by one: always the one that is worth most besides those
// taken before.
func order(list []candidate, known [][]float32, n int) []Candidate {
	for i := range list {
		for _, v := range known {
			list[i].nearer(v)
		}
	}
	var out []Candidate
	said := map[string]bool{}
	far := 0.0 // the largest distance there was: later ones are measured by it
	for len(list) > 0 && len(out) < n {
		// Where nothing is labelled, the first is the most typical picture: the one
		// nearest to the mean look.
		if len(known) == 0 && len(out) == 0 {
			typical(list)
		}
		for _, c := range list {
			if !math.IsInf(c.near, 0) {
				far = max(far, c.near)
			}
		}
		for i := range list {
			list[i].weigh(far)
		}
		best := slices.MaxFunc(list, func(a, b candidate) int { return cmp.Compare(a.Worth, b.Worth) })
		if why := best.reason(); !said[why] {
			best.Reason, said[why] = why, true
		}
		out = append(out, best.Candidate)
		at := slices.IndexFunc(list, func(c candidate) bool { return c.Picture == best.Picture })
		list = slices.Delete(list, at, at+1)
		if best.first {
			far = 0
		}
		for i := range list {
			if best.first {
				list[i].near, list[i].first = math.Inf(1), false
			}
			list[i].nearer(best.look)
		}
	}
	return out
}

// typical gives the first its place: the nearer to the mean look, the farther counts.
func typical(list []candidate) {
	var mean []float64
	n := 0.0
	for _, c := range list {
		if c.look == nil {
			continue
		}
		if mean == nil {
			mean = make([]float64, len(c.look))
		}
		n++
		for i, v := range c.look {
			mean[i] += float64(v)
		}
	}
	if n == 0 {
		return
	}
	centre := make([]float32, len(mean))
	for i := range mean {
		centre[i] = float32(mean[i] / n)
	}
	far := 0.0
	for i := range list {
		list[i].first = true
		list[i].nearer(centre)
		if list[i].look != nil {
			far = max(far, list[i].near)
		}
	}
	for i := range list {
		if list[i].look != nil {
			list[i].near = far - list[i].near + 1e-9*(1+far)
		}
	}
}

func (c *candidate) nearer(v []float32) {
	if len(c.look) == 0 || len(c.look) != len(v) {
		return
	}
	sum := 0.0
	for i := range v {
		d := float64(c.look[i] - v[i])
		sum += d * d
	}
	c.near = min(c.near, math.Sqrt(sum))
}

func (c *candidate) weigh(far float64) {
	c.Spread = -1
	if c.look != nil && far > 0 && !math.IsInf(c.near, 0) {
		c.Spread = c.near / far
	}
	switch {
	case c.Uncertainty < 0 && c.Spread < 0:
		c.Worth = 0
	case c.Uncertainty < 0:
		c.Worth = c.Spread
	case c.Spread < 0:
		c.Worth = c.Uncertainty
	default:
		c.Worth = (c.Uncertainty + c.Spread) / 2
	}
}

func (c *candidate) reason() string {
	unsure := fmt.Sprintf("%d blocks lie near the threshold", c.blocks)
	if c.blocks == 1 {
		unsure = "1 block lies near the threshold"
	}
	verdict := "takes it for normal"
	if c.top >= 1 {
		verdict = "takes it for defective"
	}
	switch {
	case c.Uncertainty < 0 && c.Spread < 0:
		return "Not looked at yet."
	case c.first && c.Uncertainty < 0.5:
		return "Looks the most like the others: a typical picture to begin with."
	case c.Uncertainty < 0:
		return "Looks the least like the pictures that are labelled or stand before it."
	case c.Uncertainty >= 0.5 && c.Spread >= 0.5:
		return fmt.Sprintf("The detector is unsure (%s), and it looks unlike what is labelled so far.", unsure)
	case c.Uncertainty >= c.Spread:
		return fmt.Sprintf("The detector %s and is unsure: %s.", verdict, unsure)
	case c.Spread >= 0.5:
		return fmt.Sprintf("Looks unlike what is labelled so far; the detector %s, score %.2f of the threshold.", verdict, c.top)
	}
	return fmt.Sprintf("Would teach little: the detector %s and is sure, and it looks like pictures that are labelled.", verdict)
}

// uncertainty is the mean entropy, in bits, of the blocks that the detector is least
// sure of, and how many blocks lie within a fifth of the threshold.
func uncertainty(s block.Scores) (bits float64, near int) {
	entropies := make([]float64, 0, len(s.Values))
	for _, v := range s.Values {
		if v > 0.8 && v < 1.25 {
			near++
		}
		k := math.Pow(max(float64(v), 0), steepness)
		p := k / (1 + k)
		if math.IsInf(k, 0) {
			p = 1
		}
		h := 0.0
		for _, q := range []float64{p, 1 - p} {
			if q > 0 {
				h -= q * math.Log2(q)
			}
		}
		entropies = append(entropies, h)
	}
	slices.SortFunc(entropies, func(a, b float64) int { return cmp.Compare(b, a) })
	n := min(len(entropies), max(leastSureLess, int(leastSure*float64(len(entropies)))))
	for _, h := range entropies[:n] {
		bits += h / float64(n)
	}
	return bits, near
}
