package wire

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

// Labels saves one picture's labels, whole. Saved, Conflict or Error answers.
type Labels struct {
	Request uint32
	Base    uint64 // revision that the labels were based on; 0 for a picture without any
	Project string
	Picture string
	Data    []byte // as package annot writes them; aliases the message after Parse
}

// Type implements Message.
func (Labels) Type() Type { return TypeLabels }

// Append implements Message.
func (m Labels) Append(b []byte) []byte {
	b = put64(header(b, TypeLabels, m.Request), m.Base)
	return putBytes(putStr(putStr(b, m.Project), m.Picture), m.Data)
}

func readLabels(r *reader, request uint32) Message {
	return Labels{Request: request, Base: r.u64(), Project: r.str(), Picture: r.str(), Data: r.bytes()}
}
