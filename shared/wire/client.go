package wire

import "bytes"

// Open asks for a detector by name; Detector or Error answers. Opening another
// one replaces it.
type Open struct {
	Request  uint32
	Detector string
}

// Type implements Message.
func (Open) Type() Type { return TypeOpen }

// Append implements Message.
func (m Open) Append(b []byte) []byte {
	return putStr(header(b, TypeOpen, m.Request), m.Detector)
}

func readOpen(r *reader, request uint32) Message {
	return Open{Request: request, Detector: r.str()}
}

// Cancel withdraws the crop with this request id.
type Cancel struct{ Request uint32 }

// Type implements Message.
func (Cancel) Type() Type { return TypeCancel }

// Append implements Message.
func (m Cancel) Append(b []byte) []byte { return header(b, TypeCancel, m.Request) }

// Watch subscribes to a project's notices (Training, Job, Changed), or ends
// the subscription. Only an Error answers it.
type Watch struct {
	Request uint32
	On      bool
	Project string
}

// Type implements Message.
func (Watch) Type() Type { return TypeWatch }

// Append implements Message.
func (m Watch) Append(b []byte) []byte {
	return putStr(putBool(header(b, TypeWatch, m.Request), m.On), m.Project)
}

func readWatch(r *reader, request uint32) Message {
	return Watch{Request: request, On: r.bool(), Project: r.str()}
}

// Measure asks for a Measured: by how long that takes, with content and without, a
// client measures its line.
type Measure struct {
	Request uint32
	Content []byte // of no meaning, MaxMeasure bytes at most
}

// Type implements Message.
func (Measure) Type() Type { return TypeMeasure }

// Append implements Message.
func (m Measure) Append(b []byte) []byte {
	if len(m.Content) > MaxMeasure {
		panic("wire: Measure is too large")
	}
	return append(put32(header(b, TypeMeasure, m.Request), uint32(len(m.Content))), m.Content...)
}

func readMeasure(r *reader, request uint32) Message {
	m := Measure{Request: request, Content: bytes.Clone(r.bytes())}
	if len(m.Content) > MaxMeasure {
		r.tooLarge("a measure", len(m.Content), MaxMeasure)
	}
	return m
}
