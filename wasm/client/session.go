package client

import (
	"math/rand/v2"
	"slices"

	"semirest/shared/block"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// Socket is an open connection. Send puts one message, head and body joined,
// on its way and keeps neither slice. Neither method blocks.
type Socket interface {
	Send(head, body []byte) error
	Close()
}

// Host is the world around a Session. What it starts it answers later, from
// outside the call, by the Session's method of the same name.
type Host interface {
	// Dial opens a connection: Opened, any number of Received, and at last
	// Closed follow, with the same number.
	Dial(number int)
	// Prepare decodes a picture and plans its crops for a detector: Prepared
	// follows, with the same ticket.
	Prepare(picture uint32, ticket int, d wire.Detector, how Travel)
	// After calls f once after some time unless stop is called before.
	After(d Millis, f func()) (stop func())
	// Now is the time since any moment, growing steadily.
	Now() Millis
}

// Listener is told of every change, from inside the call that made it.
type Listener interface {
	Link(Status)
	// Detectors tells what the server offers; open is "" or the one in use.
	Detectors(list []wire.Detector, open string)
	Progress(wire.Progress)
	Picture(Report)
	// Training, Job and Changed tell of the project that is watched; Refused
	// says, for people, why it cannot be.
	Training(wire.Training)
	Job(wire.Job)
	Changed(wire.Changed)
	Refused(text string)
}

// Prepared is a picture cut into crops.
type Prepared struct {
	Plan prep.Plan
	// Crop gives a crop's pixels and how they are encoded; the slice is not
	// changed and not kept beyond the next call. It may be called again for the
	// same crop, after a lost connection.
	Crop  func(i int) (wire.Pixels, []byte)
	Lossy bool // by JPEG
	Times []Time
}

// Time is what one stage took: of a client's work or of the server's, summed
// over the picture's crops.
type Time struct {
	Stage Stage
	Took  Millis
}

// Millis is a time in milliseconds. Package time would add 60 KB to the
// download, most of it calendars.
type Millis float64

const second Millis = 1000

const (
	// patience is how long the server may be silent while it owes an answer.
	// The slowest detector on a busy laptop takes some seconds a crop.
	patience = 60 * second
	// dialPatience is how long a connection may take to open.
	dialPatience = 10 * second
)

// Session is the Worker's half: see the package comment. Its methods must not
// be called from several goroutines at once.
type Session struct {
	host   Host
	listen Listener
	rand   *rand.Rand // for the pauses between dials

	link
	line      line
	detectors []wire.Detector
	wanted    string        // the detector the user chose, "" for any
	home      string        // the one that scores pictures meant for any; "" while there is none
	visit     string        // the one opened for pictures meant for it alone; "" while at home
	open      wire.Detector // the one crops are planned for; Name "" while there is none
	lossy     bool
	halted    bool

	jobs      []*job // every picture, as added
	waiting   []*job // to be prepared, next first
	preparing *job
	active    []*job // prepared, with unanswered crops, in order of sending
	tickets   int

	watching
	flights    map[uint32]flight
	requests   uint32
	busy       int // answers 'busy' since the last scores
	pause      func()
	watch      func()
	head       []byte
	lastHeard  Millis
	lastStatus Status
}

// job is one picture on its way.
type job struct {
	id     uint32
	only   string // the detector it is meant for, "" for any
	ticket int    // changes when the job starts anew: what belongs to an older one is ignored
	Report
	prepared Prepared
	todo     []int // crops to be sent, ascending
	merger   *block.Merger
	began    Millis
}

// flight is one crop that was sent and not answered.
type flight struct {
	job    *job
	ticket int
	crop   int
	sent   Millis
	alone  int // its bytes where nothing else was under way, else 0
}

// NewSession returns a Session that has not dialled yet; see Start.
func NewSession(h Host, l Listener, r *rand.Rand) *Session {
	return &Session{host: h, listen: l, rand: r, flights: map[uint32]flight{}}
}

// Start dials.
func (s *Session) Start() { s.dial() }

// Add queues a picture. only names the detector it is meant for, "" for
// whichever is open.
func (s *Session) Add(id uint32, only string) {
	j := &job{id: id, only: only}
	j.ID = id
	s.jobs = append(s.jobs, j)
	s.requeue(j, false)
	s.pump()
}

// Remove forgets a picture.
func (s *Session) Remove(id uint32) {
	if j := s.find(id); j != nil {
		s.drop(j)
		s.jobs = slices.DeleteFunc(s.jobs, func(o *job) bool { return o == j })
		s.pump()
	}
}

// First puts a picture before the others that wait.
func (s *Session) First(id uint32) {
	j := s.find(id)
	if j == nil {
		return
	}
	for _, line := range []*[]*job{&s.waiting, &s.active} {
		if i := slices.Index(*line, j); i > 0 {
			*line = slices.Insert(slices.Delete(*line, i, i+1), 0, j)
		}
	}
	s.pump()
}

// Retry scores a picture anew, before the others.
func (s *Session) Retry(id uint32) {
	if j := s.find(id); j != nil {
		s.drop(j)
		s.requeue(j, true)
		s.pump()
	}
}

// Choose opens another detector. Every picture that may be scored by it is.
func (s *Session) Choose(name string) {
	s.wanted = name
	if name != s.home || s.visit != "" {
		s.visit = ""
		s.openDetector()
	}
}

// Lossy sets whether crops prepared from now on travel as JPEG whatever the line.
func (s *Session) Lossy(on bool) { s.lossy = on }

// Halt stops sending and preparing, or goes on with both. What the server has is
// still answered; pictures of which it has nothing yet wait again.
func (s *Session) Halt(on bool) {
	s.halted = on
	if on {
		var back []*job
		for _, j := range append(slices.Clone(s.active), s.preparing) {
			if j != nil && len(j.todo) == j.Crops && (j.State == Scoring || j.State == Preparing) {
				back = append(back, j)
			}
		}
		for _, j := range slices.Backward(back) {
			s.drop(j)
			s.requeue(j, true)
		}
	}
	s.pump()
}

// Redial ends the pause before the next dial.
func (s *Session) Redial() {
	if s.state == LinkLost {
		s.dial()
	}
}

func (s *Session) find(id uint32) *job {
	for _, j := range s.jobs {
		if j.id == id {
			return j
		}
	}
	return nil
}

// requeue makes a job wait for its preparation, as if it were new.
func (s *Session) requeue(j *job, first bool) {
	s.tickets++
	j.ticket = s.tickets
	j.prepared, j.todo, j.merger = Prepared{}, nil, nil
	j.Report = Report{ID: j.id, State: Waiting}
	if first {
		s.waiting = slices.Insert(s.waiting, 0, j)
	} else {
		s.waiting = append(s.waiting, j)
	}
	s.listen.Picture(j.Report)
}

// drop takes a job out of every line and withdraws its crops.
func (s *Session) drop(j *job) {
	isJ := func(o *job) bool { return o == j }
	s.waiting = slices.DeleteFunc(s.waiting, isJ)
	s.active = slices.DeleteFunc(s.active, isJ)
	for request, f := range s.flights {
		if f.job == j && f.ticket == j.ticket {
			s.post(wire.Cancel{Request: request}.Append(nil))
		}
	}
	s.tickets++
	j.ticket = s.tickets // what is still under way comes back to nobody
}

// fail ends a job with a reason for people.
func (s *Session) fail(j *job, reason string) {
	s.drop(j)
	j.prepared, j.todo, j.merger = Prepared{}, nil, nil
	j.State, j.Reason = Failed, reason
	s.listen.Picture(j.Report)
}

// Prepared takes a prepared picture, or the reason why there is none, for
// people. It answers Host.Prepare.
func (s *Session) Prepared(ticket int, p Prepared, reason string) {
	j := s.preparing
	s.preparing = nil
	switch {
	case j == nil || j.ticket != ticket:
		// removed, or meant for another detector than the one now open
	case reason != "":
		s.fail(j, reason)
	case len(p.Plan.Crops) == 0:
		s.fail(j, "The picture gives no crop for this detector.")
	default:
		s.accept(j, p)
	}
	s.pump()
}

func (s *Session) accept(j *job, p Prepared) {
	grid := p.Plan.Grid(s.open.Block)
	j.prepared, j.merger = p, block.NewMerger(grid)
	for i := range p.Plan.Crops {
		j.todo = append(j.todo, i)
	}
	j.State, j.Size, j.Crops, j.Times, j.Lossy = Scoring, p.Plan.Picture, len(p.Plan.Crops), slices.Clone(p.Times), p.Lossy
	s.active = append(s.active, j)
	s.listen.Picture(j.Report)
}

// pump sends what the window allows and has the next picture prepared.
func (s *Session) pump() {
	for s.state == LinkOpen && s.opened && s.pause == nil && !s.halted && len(s.flights) < s.window {
		i := slices.IndexFunc(s.active, func(j *job) bool { return len(j.todo) > 0 })
		if i < 0 || !s.sendCrop(s.active[i]) {
			break
		}
	}
	s.prepareNext()
	s.travel()
	s.tell()
}

// prepareNext starts the preparation of the next picture when fewer crops wait
// to be sent than the window holds: ahead enough to keep the line full, not so
// far that a folder of pictures fills the memory.
func (s *Session) prepareNext() {
	unsent := 0
	for _, j := range s.active {
		unsent += len(j.todo)
	}
	if s.halted || s.line.probe != 0 || s.preparing != nil || s.open.Name == "" || unsent >= max(s.window, 1) {
		return
	}
	i := slices.IndexFunc(s.waiting, s.here)
	if i < 0 {
		return
	}
	j := s.waiting[i]
	s.waiting = slices.Delete(s.waiting, i, i+1)
	s.preparing = j
	j.State, j.Detector, j.Model, j.began = Preparing, s.open.Name, s.open.Model, s.host.Now()
	s.listen.Picture(j.Report)
	how := s.line.travel(s.open)
	if s.lossy {
		how = Lossy
	}
	s.host.Prepare(j.id, j.ticket, s.open, how)
}

func (s *Session) sendCrop(j *job) bool {
	i := j.todo[0]
	crop := j.prepared.Plan.Crops[i]
	encoding, pixels := j.prepared.Crop(i)
	m := wire.Crop{
		Request: s.newRequest(), Picture: j.id, Generation: s.open.Generation,
		Index: i, Count: j.Crops, W: crop.Input.W, H: crop.Input.H,
		PictureW: j.Size.W, PictureH: j.Size.H, Source: crop.Source,
		Row: crop.Row, Col: crop.Col, Encoding: encoding, Pixels: pixels,
	}
	if wire.CropHeaderSize+len(pixels) > s.maxFrame {
		s.fail(j, "A crop of this picture is larger than the server takes in.")
		return true
	}
	s.head = m.AppendHeader(s.head[:0])
	if err := s.socket.Send(s.head, pixels); err != nil {
		s.lost(err.Error())
		return false
	}
	j.todo = j.todo[1:]
	alone := 0
	if len(s.flights) == 0 {
		alone = wire.CropHeaderSize + len(pixels)
	}
	s.flights[m.Request] = flight{j, j.ticket, i, s.host.Now(), alone}
	s.guard()
	return true
}

func (s *Session) newRequest() uint32 {
	for {
		s.requests++
		if _, used := s.flights[s.requests]; s.requests != 0 && !used {
			return s.requests
		}
	}
}
