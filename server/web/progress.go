package web

import (
	"maps"
	"slices"
	"time"

	"semirest/shared/wire"
)

// Progress tells people of work that they wait for, such as the fitting of the demonstration's detectors.
type Progress struct {
	What        string        // for people
	Done, Total int           // Total 0: unknown
	Left        time.Duration // negative: unknown
	Ended       bool
	Failed      string // why it ended without a result; "" when it did not
}

// Tell shows the progress of a piece of work, named by key, to every open session and to those that come. Work that
// ended well is forgotten; work that failed stays, until the same key starts again.
func (s *Server) Tell(key string, p Progress) {
	s.mu.Lock()
	if p.Ended && p.Failed == "" {
		delete(s.progress, key)
	} else {
		s.progress[key] = p
	}
	s.mu.Unlock()
	s.broadcast("progress "+key, p.message().Append(nil))
}

// recall tells a new session what Tell told before it came.
func (s *Server) recall(x *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(s.progress)) {
		x.out.notify("progress "+key, s.progress[key].message().Append(nil))
	}
}

func (p Progress) message() wire.Progress {
	m := wire.Progress{Ended: p.Ended, SecondsLeft: float32(p.Left.Seconds()), Done: uint64(max(p.Done, 0)), Total: uint64(max(p.Total, 0)), What: p.What}
	if p.Left < 0 {
		m.SecondsLeft = -1
	}
	if p.Failed != "" {
		m.What += " failed: " + p.Failed
	}
	return m
}
