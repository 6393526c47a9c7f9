package client

import "semirest/shared/wire"

// Travel says how the pixels of pictures are to travel: the faster the line, the less is done to make them small.
type Travel uint8

// The ways to travel, from fast lines to slow ones.
const (
	Raw      Travel = iota // as they are
	Lossless               // the file itself where that is small, else a crop compressed without loss
	Slow                   // the file itself where that is smaller than a JPEG crop, else that
	Lossy                  // a JPEG crop, as the user asked
)

const (
	// quickly is what a raw crop may take on its way without anybody minding.
	quickly Millis = 150
	// tooLong is what a crop compressed without loss, about half of a raw one, may.
	tooLong Millis = 700
	// sample is the content by which a line is measured: 0.13 s at 1 Mbit/s.
	sample = 16 << 10
	// samples is how often a line that seems slow is measured: the best counts, since a browser that is just starting is
	// slow itself.
	samples = 4
)

// line is what is known of the way to the server: two messages, one without content and one with, are sent when the
// connection opens, and the answers to crops go on with it.
type line struct {
	trip  Millis  // there and back, without content
	rate  float64 // bytes a millisecond towards the server, 0 while not measured
	probe uint32  // request of the Measure under way
	size  int     // of its content
	since Millis
	tried int // samples so far
}

// measure sends a Measure with so much content.
func (s *Session) measure(size int) {
	s.line.probe, s.line.size, s.line.since = s.newRequest(), size, s.host.Now()
	s.post(wire.Measure{Request: s.line.probe, Content: make([]byte, size)}.Append(nil))
}

func (s *Session) measured(m wire.Measured) {
	if m.Request != s.line.probe {
		return
	}
	took := s.host.Now() - s.line.since
	s.line.probe = 0
	if s.line.size == 0 {
		s.line.trip = took
		s.measure(sample)
		return
	}
	s.line.tried++
	s.line.rate = max(s.line.rate, sample/float64(max(took-s.line.trip, 1)))
	if s.line.travel(s.open) != Raw && s.line.tried < samples {
		s.measure(sample)
	}
}

// learn takes in that a crop, sent while nothing else was under way, was back after a trip of which the server itself
// took some time.
func (l *line) learn(bytes int, trip, server Millis) {
	if l.rate == 0 {
		return
	}
	rate := float64(bytes) / float64(max(trip-server-l.trip, 1))
	l.rate = (3*l.rate + rate) / 4 // a browser that was busy for a moment is no slow line
}

// travel is how pixels for a detector travel on the line.
func (l *line) travel(d wire.Detector) Travel {
	switch raw := Millis(float64(3*d.W*d.H) / max(l.rate, 1e-3)); {
	case l.rate == 0 || raw < quickly:
		return Raw
	case raw/2 < tooLong:
		return Lossless
	}
	return Slow
}

// AsFile reports whether a picture's file of so many bytes is sent as it is: where it is one crop, and smaller than what
// would be sent else. The server decodes it, so it must not be large when decoded either.
func (t Travel) AsFile(bytes int, d wire.Detector, picturePixels int64, crops int) bool {
	if t != Lossless && t != Slow || crops != 1 || picturePixels > wire.MaxFilePixels {
		return false
	}
	raw := 3 * d.W * d.H
	if t == Slow {
		return bytes <= raw/8 // about a JPEG crop
	}
	return bytes <= raw/2 // about one compressed without loss
}
