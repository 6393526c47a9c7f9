package client

import (
	"slices"

	"semirest/shared/wire"
)

// A picture may be meant for one detector alone: a demo picture, a project's.
// The session visits that detector for it and goes home, to the one that the user
// chose, when a picture that is meant for any waits. Nothing that was scored at
// home is scored again for a visit.

// here says whether the open detector may score a picture.
func (s *Session) here(j *job) bool {
	return j.only == s.open.Name || j.only == "" && s.visit == ""
}

func (s *Session) offered(name string) bool {
	return name != "" && slices.ContainsFunc(s.detectors, func(d wire.Detector) bool { return d.Name == name })
}

// travel opens the detector that the next waiting picture is meant for, once
// nothing is left to do where the session is.
func (s *Session) travel() {
	if s.state != LinkOpen || !s.opened || s.preparing != nil || len(s.active) > 0 || slices.ContainsFunc(s.waiting, s.here) {
		return
	}
	for _, j := range s.waiting {
		to := j.only
		if to == s.home {
			to = ""
		}
		if to == "" && s.visit == "" || to != "" && !s.offered(to) {
			continue
		}
		s.visit = to
		s.openDetector()
		return
	}
}
