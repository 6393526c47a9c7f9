package web

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"semirest/shared/block"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// Scorer runs a detector.
type Scorer interface {
	// Score takes n = len(origins) crops of the detector's input size, pixels [n, h, w, 3] in RGB, and the cell of each
	// crop's origin in its picture's grid of 8-pixel cells. It returns n maps of raw block scores, which are then the
	// caller's to change. It must stop soon after ctx ends, must not keep or change pixels, and may be called from several
	// goroutines.
	Score(ctx context.Context, pixels []byte, origins []block.Cell) ([]block.Scores, error)
}

// Detector is a model that can be served.
type Detector struct {
	Name        string         // what sessions and requests call it; unique
	Model       string         // identity of the model, such as a fingerprint: another model, another string
	Title       string         // for people; "" for none
	Preset      string         // how it was made: "lite"
	Supervision string         // "none", "un", "sup", "semi"
	Note        string         // for people, such as that it was fitted on synthetic pictures
	Created     time.Time      // when it was fitted
	Input       prep.Size      // of a crop
	Tile        prep.Tile      // how pictures are cut; the zero Tile for not at all
	Block       int            // side of a block in pixels of the input
	Depth       prep.Depth     // bits that 16-bit pictures use
	Kind        wire.ScoreKind // of raw scores
	Threshold   float64        // raw score that is shown as 1.0; above 0
	FalseAlarms float64        // stated share of normal pictures above the threshold
	Method      string         // how the threshold was found, for people

	// Batch is the most crops in one run; 0 counts as 1. On a processor a run of several costs as much a crop as a run of
	// one (54.2 ms at 1, 53.1 at 4, 54.3 at 8, on 2 cores; semirest bench prints it) and makes the first wait for the last,
	// so 1 is right there.
	Batch int

	Scorer Scorer
	Close  func() // frees the model once no run uses it any more; may be nil
}

// check refuses what could not be served or said on the wire.
func (d Detector) check() error {
	switch {
	case d.Name == "" || len(d.Name) > 128:
		return fmt.Errorf("web: a detector needs a name of 1 to 128 bytes, not %q", d.Name)
	case d.Scorer == nil:
		return fmt.Errorf("web: detector %s has no scorer", d.Name)
	case !(d.Threshold > 0) || math.IsInf(d.Threshold, 0):
		return fmt.Errorf("web: detector %s has threshold %v; scores can only be shown against one above 0", d.Name, d.Threshold)
	case d.Batch < 0:
		return fmt.Errorf("web: detector %s has batches of %d", d.Name, d.Batch)
	case d.Block != 8 && d.Block != 16:
		return fmt.Errorf("web: detector %s has blocks of %d pixels, not 8 or 16", d.Name, d.Block)
	case d.Input.W <= 0 || d.Input.H <= 0 || d.Input.W%d.Block != 0 || d.Input.H%d.Block != 0:
		return fmt.Errorf("web: detector %s has an input of %v, not whole blocks", d.Name, d.Input)
	case 3*d.Input.Pixels() > wire.MaxData:
		return fmt.Errorf("web: detector %s has an input of %v: a crop of it does not fit a message, %d bytes of pixels; fit it with --tile",
			d.Name, d.Input, wire.MaxData)
	}
	if _, err := prep.NewPlan(d.Input, d.Input, d.Tile); err != nil {
		return fmt.Errorf("web: detector %s: %w", d.Name, err)
	}
	return nil
}

// served is a detector in use. It is closed when it was replaced and its last user let go.
type served struct {
	Detector
	generation uint32
	users      int // under the registry's lock
	retired    bool
}

// message describes the detector to a session.
func (d *served) message(request uint32) wire.Detector {
	return wire.Detector{
		Request: request, Generation: d.generation,
		W: d.Input.W, H: d.Input.H, TileRef: d.Tile.Ref, TileOverlap: d.Tile.Overlap, Block: d.Block,
		Kind: d.Kind, Depth: d.Depth, FalseAlarms: float32(d.FalseAlarms), Created: d.Created.Unix(),
		Name: d.Name, Model: d.Model, Preset: d.Preset, Supervision: d.Supervision, Note: d.Note,
	}
}

// registry holds the detectors that are served now.
type registry struct {
	mu         sync.Mutex
	generation uint32
	live       map[string]*served
}

// newRegistry starts generations at the time of day, so that they grow over a restart too: a page that planned for the
// detector of the last run is told so.
func newRegistry(now time.Time) *registry {
	return &registry{generation: uint32(now.Unix()), live: make(map[string]*served)}
}

// install serves d under its name, in place of what had it. It returns nil when there is no room for another name.
func (r *registry) install(d Detector) *served {
	r.mu.Lock()
	old := r.live[d.Name]
	if old == nil && len(r.live) >= wire.MaxDetectors {
		r.mu.Unlock()
		return nil
	}
	r.generation++
	s := &served{Detector: d, generation: r.generation}
	r.live[d.Name] = s
	done := r.retire(old)
	r.mu.Unlock()
	done()
	return s
}

// retire marks s as replaced; r.mu is held. The returned function, called without the lock, closes s if nobody uses it.
func (r *registry) retire(s *served) func() {
	if s == nil {
		return func() {}
	}
	s.retired = true
	if s.users > 0 || s.Close == nil {
		return func() {}
	}
	return s.Close
}

// use returns the detector of that name and keeps it open until release is called, once. Without a name it is the only
// detector there is.
func (r *registry) use(name string) (s *served, release func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name == "" && len(r.live) == 1 {
		for only := range r.live {
			name = only
		}
	}
	s, ok = r.live[name]
	if !ok {
		return nil, nil, false
	}
	s.users++
	return s, func() {
		r.mu.Lock()
		s.users--
		last := s.users == 0 && s.retired && s.Close != nil
		r.mu.Unlock()
		if last {
			s.Close()
		}
	}, true
}

// remove retires the detector of that name; false when there is none.
func (r *registry) remove(name string) bool {
	r.mu.Lock()
	old := r.live[name]
	delete(r.live, name)
	done := r.retire(old)
	r.mu.Unlock()
	done()
	return old != nil
}

// list returns what is served, by name. The detectors are only described, not kept open.
func (r *registry) list() []*served {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*served, 0, len(r.live))
	for _, name := range slices.Sorted(maps.Keys(r.live)) {
		list = append(list, r.live[name])
	}
	return list
}

// closeAll retires every detector. Those still in use close when they are released.
func (r *registry) closeAll() {
	r.mu.Lock()
	var done []func()
	for _, s := range r.live {
		done = append(done, r.retire(s))
	}
	clear(r.live)
	r.mu.Unlock()
	for _, f := range done {
		f()
	}
}
