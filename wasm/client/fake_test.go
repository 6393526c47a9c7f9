package client

import (
	"errors"
	"image"
	"math/rand/v2"
	"slices"
	"testing"

	"semirest/shared/prep"
	"semirest/shared/wire"
)

// world is a Session's Host and Listener with a clock of its own, and the
// server at the other end of its sockets.
type world struct {
	t       *testing.T
	s       *Session
	now     Millis
	timers  []*timer
	dials   []int
	sockets []*fakeSocket
	todo    []preparation
	largest int // most crops unanswered at a time

	status    Status
	detectors []wire.Detector
	open      string
	progress  []wire.Progress
	pictures  map[uint32]Report
	history   map[uint32][]State
	notices   []wire.Message
	refused   string
}

type timer struct {
	at   Millis
	f    func()
	done bool
}

type preparation struct {
	picture uint32
	ticket  int
	d       wire.Detector
	how     Travel
}

type fakeSocket struct {
	number int
	sent   []wire.Message // not yet answered by the test
	probe  *wire.Measure  // likewise
	closed bool
	fail   bool
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, pictures: map[uint32]Report{}, history: map[uint32][]State{}}
	w.s = NewSession(w, w, rand.New(rand.NewPCG(1, 2)))
	return w
}

func (w *world) Dial(number int) { w.dials = append(w.dials, number) }

func (w *world) Prepare(picture uint32, ticket int, d wire.Detector, how Travel) {
	w.todo = append(w.todo, preparation{picture, ticket, d, how})
}

func (w *world) After(d Millis, f func()) func() {
	t := &timer{at: w.now + d, f: f}
	w.timers = append(w.timers, t)
	return func() { t.done = true }
}

func (w *world) Now() Millis { return w.now }

func (w *world) Link(s Status) { w.status = s }

func (w *world) Detectors(list []wire.Detector, open string) {
	w.detectors, w.open = slices.Clone(list), open
}

func (w *world) Progress(p wire.Progress) { w.progress = append(w.progress, p) }

func (w *world) Training(m wire.Training) { w.notices = append(w.notices, m) }

func (w *world) Job(m wire.Job) { w.notices = append(w.notices, m) }

func (w *world) Changed(m wire.Changed) { w.notices = append(w.notices, m) }

func (w *world) Refused(text string) { w.refused = text }

func (w *world) Picture(r Report) {
	w.pictures[r.ID] = r
	if h := w.history[r.ID]; len(h) == 0 || h[len(h)-1] != r.State {
		w.history[r.ID] = append(h, r.State)
	}
}

// pass lets time go by.
func (w *world) pass(d Millis) {
	end := w.now + d
	for {
		var next *timer
		for _, t := range w.timers {
			if !t.done && t.at <= end && (next == nil || t.at < next.at) {
				next = t
			}
		}
		if next == nil {
			break
		}
		w.now, next.done = max(w.now, next.at), true
		next.f()
	}
	w.now = end
}

func (c *fakeSocket) Send(head, body []byte) error {
	if c.fail {
		return errors.New("The connection was lost.")
	}
	m, err := wire.Parse(append(slices.Clone(head), body...))
	if err != nil {
		return err
	}
	if m, ok := m.(wire.Measure); ok {
		c.probe = &m
		return nil
	}
	c.sent = append(c.sent, m)
	return nil
}

func (c *fakeSocket) Close() { c.closed = true }

// accept opens the connection that was dialled last; the server says Hello.
func (w *world) accept(detectors ...wire.Detector) *fakeSocket {
	w.t.Helper()
	c := w.acceptUnmeasured(detectors...)
	w.measured(c, 0, 0)
	return c
}

func (w *world) acceptUnmeasured(detectors ...wire.Detector) *fakeSocket {
	w.t.Helper()
	if len(w.dials) == 0 {
		w.t.Fatal("nothing was dialled")
	}
	c := &fakeSocket{number: w.dials[len(w.dials)-1]}
	w.sockets = append(w.sockets, c)
	w.s.Opened(c.number, c)
	w.say(c, wire.Hello{Lowest: wire.Version, Highest: wire.Version, Window: wire.Window, MaxFrame: wire.MaxFrame, MaxSide: 1 << 15, MaxPixels: 1 << 30, Detectors: detectors})
	return c
}

// measured answers the client's measures, after some time each, until it has none.
func (w *world) measured(c *fakeSocket, empty, content Millis) {
	if c.probe == nil {
		w.t.Fatal("the line is not measured")
	}
	for c.probe != nil {
		took := content
		if len(c.probe.Content) == 0 {
			took = empty
		}
		m := *c.probe
		c.probe = nil
		w.now += took
		w.say(c, wire.Measured{Request: m.Request})
	}
}

func (w *world) say(c *fakeSocket, m wire.Message) { w.s.Received(c.number, m.Append(nil)) }

// take returns what the client sent and the test has not looked at yet.
func (c *fakeSocket) take() []wire.Message {
	sent := c.sent
	c.sent = nil
	return sent
}

// crops takes the crops among what was sent; anything but a crop or a Cancel
// is an error.
func (w *world) crops(c *fakeSocket) []wire.Crop {
	w.t.Helper()
	var out []wire.Crop
	for _, m := range c.take() {
		switch m := m.(type) {
		case wire.Crop:
			out = append(out, m)
		case wire.Cancel:
		default:
			w.t.Fatalf("the client sent %#v", m)
		}
	}
	w.largest = max(w.largest, w.status.Unanswered)
	return out
}

// opened answers the client's Open, which must be for a name.
func (w *world) opened(c *fakeSocket, d wire.Detector) {
	w.t.Helper()
	sent := c.take()
	if len(sent) == 0 {
		w.t.Fatal("the client sent nothing")
	}
	m, ok := sent[0].(wire.Open)
	if !ok || m.Detector != d.Name {
		w.t.Fatalf("the client sent %#v, want Open of %q", sent[0], d.Name)
	}
	c.sent = sent[1:]
	d.Request = m.Request
	w.say(c, d)
}

// prepare finishes the preparation under way as a picture of a size whose
// crops are filled with the picture's number.
func (w *world) prepare(size prep.Size) {
	w.t.Helper()
	if len(w.todo) == 0 {
		w.t.Fatal("no picture is being prepared")
	}
	p := w.todo[0]
	w.todo = w.todo[1:]
	plan, err := prep.NewPlan(size, prep.Size{W: p.d.W, H: p.d.H}, prep.Tile{Ref: p.d.TileRef, Overlap: p.d.TileOverlap})
	if err != nil {
		w.t.Fatal(err)
	}
	w.s.Prepared(p.ticket, Prepared{
		Plan:  plan,
		Crop:  func(i int) (wire.Pixels, []byte) { return wire.RawRGB, fill(3*p.d.W*p.d.H, byte(p.picture)) },
		Times: []Time{{"decode", 10}},
	}, "")
}

func fill(n int, v byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = v
	}
	return b
}

// answer scores a crop as the server would: every block has the value.
func (w *world) answer(c *fakeSocket, m wire.Crop, value float32) {
	a := m.Answer()
	a.Image = value
	a.Stages = []wire.StageTime{{Stage: wire.StageScore, Micros: 3000}, {Stage: wire.StageTotal, Micros: 4000}}
	a.Grid = wire.Grid{Rows: m.H / 8, Cols: m.W / 8, Values: make([]float32, m.W*m.H/64)}
	for i := range a.Grid.Values {
		a.Grid.Values[i] = value
	}
	w.say(c, a)
}

func plain(name string) wire.Detector {
	return wire.Detector{Generation: 1, W: 64, H: 32, Block: 8, Name: name, Model: "model-" + name}
}

func tiled(name string) wire.Detector {
	d := plain(name)
	d.W, d.H, d.TileRef, d.TileOverlap = 64, 64, 256, 16
	return d
}

var small = prep.Size{W: 640, H: 480}

// ready is a world whose connection stands with a detector open.
func ready(t *testing.T, d wire.Detector) (*world, *fakeSocket) {
	t.Helper()
	w := newWorld(t)
	w.s.Start()
	c := w.accept(d)
	w.opened(c, d)
	return w, c
}

// whole says that a crop of a plain detector covers the picture.
func whole(m wire.Crop) bool {
	return m.Source == image.Rect(0, 0, m.PictureW, m.PictureH) && m.Count == 1
}
