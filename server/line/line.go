package line

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"semirest/server/picture"
	"semirest/server/project"
	"semirest/server/sink"
	"semirest/server/source"
	"semirest/server/store/journal"
	"semirest/server/verdict"
)

// Scorer scores a picture's file by the detector of a name, "" for the only one there is. An error of the picture is one of
// package picture's; any other will pass, and the picture is tried again.
type Scorer interface {
	Score(ctx context.Context, detector string, data []byte) (verdict.Verdict, picture.RGB, error)
}

// Source is a source and the detector that its frames are for.
type Source struct {
	source.Spec
	Detector string `json:"detector,omitempty"`
	Paused   bool   `json:"paused,omitempty"`
}

// Keep says how long verdicts are kept.
type Keep struct {
	Days int     // 0: 30
	GiB  float64 // of all; beyond it the oldest lose their pictures; 0: 10
}

// Line is sources, sinks and what is kept of both. Its methods may be called from any goroutine.
type Line struct {
	Journal *journal.Journal

	scorer Scorer
	keep   Keep
	log    *slog.Logger
	now    func() time.Time
	first  time.Duration         // the first pause after a sink's failure
	found  func(verdict.Verdict) // told of every verdict once it is recorded; may be nil

	ctx  context.Context //nolint:containedctx // of the watches and tellers, which outlive the calls that began them; ends with Close
	stop context.CancelFunc
	done sync.WaitGroup

	mu      sync.Mutex
	sources map[string]*watching
	sinks   map[string]*telling
}

type watching struct {
	Source
	watch *source.Watch
	end   func() // stops it and waits
}

// Open takes up the line of the folder dir: its sources and sinks go on. Close it.
func Open(ctx context.Context, dir string, s Scorer, k Keep, log *slog.Logger) (*Line, error) {
	j, err := journal.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	if k.Days == 0 {
		k.Days = 30
	}
	if k.GiB == 0 {
		k.GiB = 10
	}
	l := &Line{Journal: j, scorer: s, keep: k, log: log, now: time.Now, first: time.Second, sources: map[string]*watching{}, sinks: map[string]*telling{}}
	l.ctx, l.stop = context.WithCancel(context.WithoutCancel(ctx))
	return l, nil
}

// Start begins to watch and to tell.
func (l *Line) Start(ctx context.Context) error {
	sinks, err := l.Journal.Ends(ctx, journal.Sinks)
	if err != nil {
		return err
	}
	for name, text := range sinks {
		var s sink.Spec
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return fmt.Errorf("sink %s: %w", name, err)
		}
		l.tell(s)
	}
	sources, err := l.Journal.Ends(ctx, journal.Sources)
	if err != nil {
		return err
	}
	for name, text := range sources {
		var s Source
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return fmt.Errorf("source %s: %w", name, err)
		}
		l.watch(s)
	}
	l.done.Go(l.upkeep)
	return nil
}

// Close stops watching and telling; what sinks have not been told waits for the next start.
func (l *Line) Close() error {
	l.stop()
	l.done.Wait()
	return l.Journal.Close()
}

// upkeep forgets what is too old or too much.
func (l *Line) upkeep() {
	for l.ctx.Err() == nil {
		if err := l.Journal.Sweep(l.ctx, l.now().AddDate(0, 0, -l.keep.Days), int64(l.keep.GiB*(1<<30))); err != nil && l.ctx.Err() == nil {
			l.log.Error("old verdicts of the line stay", "error", err)
		}
		select {
		case <-l.ctx.Done():
		case <-time.After(time.Minute):
		}
	}
}

// watch begins to watch a source; one of its name has ended.
func (l *Line) watch(s Source) {
	ctx, stop := context.WithCancel(l.ctx)
	ended := make(chan struct{})
	w := &watching{Source: s, end: func() { stop(); <-ended }}
	seen := func(ctx context.Context, mark string) (bool, error) { return l.Journal.Seen(ctx, s.Name, mark) }
	w.watch = source.NewWatch(s.Spec, s.Paused, seen, func(ctx context.Context, f source.Frame) error { return l.take(ctx, s, f) })
	l.mu.Lock()
	l.sources[s.Name] = w
	l.mu.Unlock()
	l.done.Go(func() { defer close(ended); w.watch.Run(ctx) })
}

// AddSource checks and keeps a source, and watches it. One of its name is project.ErrExists.
func (l *Line) AddSource(ctx context.Context, s Source) error {
	if err := s.Check(); err != nil {
		return fmt.Errorf("%w: %w", project.ErrInvalid, err)
	}
	l.mu.Lock()
	_, there := l.sources[s.Name]
	l.mu.Unlock()
	if there {
		return fmt.Errorf("a source of the name %s: %w", s.Name, project.ErrExists)
	}
	if err := l.put(ctx, journal.Sources, s.Name, s); err != nil {
		return err
	}
	l.watch(s)
	return nil
}

func (l *Line) put(ctx context.Context, kind, name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return l.Journal.Put(ctx, kind, name, string(text))
}

// source looks a source up; project.ErrNotFound.
func (l *Line) source(name string) (*watching, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.sources[name]
	if w == nil {
		return nil, fmt.Errorf("source %s: %w", name, project.ErrNotFound)
	}
	return w, nil
}

// RemoveSource ends a source. What it gave is kept.
func (l *Line) RemoveSource(ctx context.Context, name string) error {
	w, err := l.source(name)
	if err != nil {
		return err
	}
	w.end()
	l.mu.Lock()
	delete(l.sources, name)
	l.mu.Unlock()
	return l.Journal.Remove(ctx, journal.Sources, name)
}

// PauseSource pauses a source, or lets it go on.
func (l *Line) PauseSource(ctx context.Context, name string, paused bool) error {
	w, err := l.source(name)
	if err != nil {
		return err
	}
	l.mu.Lock()
	w.Paused = paused
	s := w.Source
	l.mu.Unlock()
	w.watch.Pause(paused)
	return l.put(ctx, journal.Sources, name, s)
}

// Trigger asks a source for its next frame.
func (l *Line) Trigger(name string) error {
	w, err := l.source(name)
	if err != nil {
		return err
	}
	if err := w.watch.Trigger(); err != nil {
		return fmt.Errorf("%w: %w", project.ErrInvalid, err)
	}
	return nil
}

// LastFrame is the file of a source's newest frame; project.ErrNotFound where there is none yet.
func (l *Line) LastFrame(name string) ([]byte, error) {
	w, err := l.source(name)
	if err != nil {
		return nil, err
	}
	if b := w.watch.Last(); b != nil {
		return b, nil
	}
	return nil, fmt.Errorf("a frame of source %s: %w", name, project.ErrNotFound)
}

// Watched is a source and how it is.
type Watched struct {
	Source
	Kind   source.Kind   `json:"kind"`
	Status source.Status `json:"status"`
}

// Sources lists the sources by name, without their passwords.
func (l *Line) Sources() []Watched {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Watched, 0, len(l.sources))
	for _, w := range l.sources {
		one := Watched{Source: w.Source, Status: w.watch.Status()}
		one.Kind, _ = w.Kind()
		one.Address = w.Shown()
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Watched) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// take scores a frame and records it.
func (l *Line) take(ctx context.Context, s Source, f source.Frame) error {
	v, rgb, err := l.scorer.Score(ctx, s.Detector, f.Data)
	e := journal.Entry{Mark: f.Mark, Picture: f.Data, Ending: ending(f)}
	switch {
	case err == nil:
		e.Thumb, err = thumbnail(rgb)
	case unreadable(err):
		v, err = verdict.Verdict{Model: s.Detector, Regions: []verdict.Region{}, Error: why(err)}, nil
	}
	if err != nil {
		return err
	}
	v.ID, v.Source, v.Time, v.Image = f.ID(s.Name), s.Name, f.Time.UTC(), f.Name
	v.LatencyMS = float64(time.Since(f.Time).Microseconds()) / 1000
	e.Verdict = v
	if err := l.Journal.Record(ctx, e); err != nil {
		return err
	}
	if l.found != nil {
		l.found(v)
	}
	l.ring()
	return nil
}

// errors that say that a picture will never be read.
func unreadable(err error) bool {
	for _, e := range []error{picture.ErrEmpty, picture.ErrFormat, picture.ErrUnsupported, picture.ErrDamaged, picture.ErrBytes} {
		if errors.Is(err, e) {
			return true
		}
	}
	return tooLarge(err)
}

// Only makes the line's sources and sinks those that are given, before Start: what a command line says. What waits for a
// sink that goes on under its name still does; what waits for one that does not is forgotten.
func (l *Line) Only(ctx context.Context, sources []Source, sinks []sink.Spec) error {
	wanted := map[string]map[string]any{journal.Sources: {}, journal.Sinks: {}}
	for _, s := range sources {
		if err := s.Check(); err != nil {
			return err
		}
		if _, twice := wanted[journal.Sources][s.Name]; twice {
			return fmt.Errorf("two sources are called %s", s.Name)
		}
		wanted[journal.Sources][s.Name] = s
	}
	for _, s := range sinks {
		if err := s.Check(); err != nil {
			return err
		}
		if _, twice := wanted[journal.Sinks][s.Name]; twice {
			return fmt.Errorf("two sinks are called %s", s.Name)
		}
		wanted[journal.Sinks][s.Name] = s
	}
	for kind, ends := range wanted {
		there, err := l.Journal.Ends(ctx, kind)
		if err != nil {
			return err
		}
		for name := range there {
			if _, stays := ends[name]; stays {
				continue
			}
			if err := l.Journal.Remove(ctx, kind, name); err != nil {
				return err
			}
		}
		for name, spec := range ends {
			if err := l.put(ctx, kind, name, spec); err != nil {
				return err
			}
		}
	}
	return nil
}
