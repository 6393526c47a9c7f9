package web

import (
	"context"

	"semirest/server/project"
	"semirest/shared/wire"
)

// maySee tells whether somebody may see and use a detector: those of projects are their viewers'.
func (s *Server) maySee(ctx context.Context, w caller, detector string) bool {
	p, ok := project.OfDetector(detector)
	return !ok || s.may(ctx, w, p, messages[wire.TypeOpen]) == nil
}

// useDetector is registry.use for detectors that the caller may see.
func (s *Server) useDetector(ctx context.Context, w caller, name string) (d *served, release func(), ok bool) {
	d, release, ok = s.detectors.use(name)
	if ok && !s.maySee(ctx, w, d.Name) {
		release()
		return nil, nil, false
	}
	return d, release, ok
}

// visibleDetectors is registry.list of the detectors that the caller may see.
func (s *Server) visibleDetectors(ctx context.Context, w caller) (list []*served) {
	for _, d := range s.detectors.list() {
		if s.maySee(ctx, w, d.Name) {
			list = append(list, d)
		}
	}
	return list
}

// announce tells every open session that may see it of a detector that is now served.
func (s *Server) announce(d *served) {
	data := d.message(0).Append(nil)
	for _, x := range s.openSessions() {
		if s.maySee(s.ctx, x.who, d.Name) {
			x.out.notify("detector "+d.Name, data)
		}
	}
}

// describe sends a session the detector's present description.
func (s *Server) describe(x *session, name string) {
	if d, release, ok := s.useDetector(s.ctx, x.who, name); ok {
		x.out.notify("detector "+name, d.message(0).Append(nil))
		release()
	}
}
