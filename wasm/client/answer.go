package client

import (
	"errors"
	"slices"

	"semirest/shared/block"
	"semirest/shared/wire"
)

// Received takes one message of connection number.
func (s *Session) Received(number int, frame []byte) {
	if number != s.number || s.socket == nil {
		return
	}
	s.lastHeard = s.host.Now()
	m, err := wire.Parse(frame)
	switch {
	case errors.Is(err, wire.ErrVersion):
		s.refuse(refusedVersion)
		return
	case errors.Is(err, wire.ErrUnknownType):
		return // of a newer server, not meant for this page
	case err != nil:
		s.lost("The server sent a message that this page cannot read.")
		return
	}
	switch m := m.(type) {
	case wire.Hello:
		s.hello(m)
	case wire.Detector:
		s.detector(m)
	case wire.Scores:
		s.scores(m)
	case wire.Measured:
		s.measured(m)
	case wire.Error:
		s.failure(m)
	case wire.Progress:
		s.listen.Progress(m)
	case wire.Training:
		s.listen.Training(m)
	case wire.Job:
		s.listen.Job(m)
	case wire.Changed:
		s.listen.Changed(m)
	}
	s.pump()
}

func (s *Session) hello(m wire.Hello) {
	if wire.Version < m.Lowest || wire.Version > m.Highest {
		s.refuse(refusedVersion)
		return
	}
	s.greeted()
	s.window, s.maxFrame = min(m.Window, wire.Window), min(m.MaxFrame, wire.MaxFrame)
	s.detectors = m.Detectors
	s.openDetector()
	s.watchAgain()
	s.line = line{}
	s.measure(0)
}

// openDetector asks for the detector that is visited, or the wanted one, or the
// one that was open before, or the first. While the server has none, nothing is
// asked: it tells when it has.
func (s *Session) openDetector() {
	s.opened = false
	if !s.offered(s.visit) {
		s.visit = ""
	}
	if s.state == LinkOpen && len(s.detectors) > 0 {
		name := s.detectors[0].Name
		for _, want := range []string{s.home, s.wanted, s.visit} {
			if s.offered(want) {
				name = want
			}
		}
		s.opening, s.asked = s.newRequest(), name
		s.post(wire.Open{Request: s.opening, Detector: name}.Append(nil))
	}
	s.listen.Detectors(s.detectors, s.home)
}

// detector takes a description: the answer to Open, or news of a model that
// took the place of another or that is new.
func (s *Session) detector(m wire.Detector) {
	i := slices.IndexFunc(s.detectors, func(d wire.Detector) bool { return d.Name == m.Name })
	if i < 0 {
		i = slices.IndexFunc(s.detectors, func(d wire.Detector) bool { return compareNames(d.Name, m.Name) > 0 })
		if i < 0 {
			i = len(s.detectors)
		}
		s.detectors = slices.Insert(s.detectors, i, m)
	} else {
		s.detectors[i] = m
	}
	answer := m.Request != 0 && m.Request == s.opening
	switch {
	case answer:
		s.opening, s.opened = 0, true
		fallthrough
	case m.Request == 0 && m.Name == s.open.Name:
		s.use(m)
	case s.opening == 0 && (!s.opened || m.Name == s.wanted && m.Name != s.home):
		s.openDetector() // the first there is, or at last the one that was chosen
		return
	}
	s.listen.Detectors(s.detectors, s.home)
}

// use makes d the detector that crops are planned for. Pictures that another
// one scored, or is about to, start anew; those meant for another detector
// keep what they have, and on a visit so do those meant for any.
func (s *Session) use(d wire.Detector) {
	same := d.Name == s.open.Name && d.Model == s.open.Model && (s.visit != "" || d.Name == s.home)
	s.open = d
	if s.visit == "" {
		s.home = d.Name
	}
	if same {
		return // a generation of its own after a server's restart changes no plan
	}
	for _, j := range s.jobs {
		switch {
		case j.State == Waiting || j.State == Scored && j.Detector == d.Name && j.Model == d.Model:
		case (j.only != "" && j.only != d.Name || j.only == "" && s.visit != "") && j.State != Scoring && j.State != Preparing:
		default:
			s.drop(j)
			s.requeue(j, false)
		}
	}
}

func (s *Session) scores(m wire.Scores) {
	f, ok := s.flights[m.Request]
	if !ok {
		return
	}
	delete(s.flights, m.Request)
	s.busy = 0
	j := f.job
	if f.ticket != j.ticket {
		return
	}
	crop := j.prepared.Plan.Crops[f.crop]
	size := s.open.Block
	grid := block.For(crop.Input.W, crop.Input.H, size)
	if m.Grid.Rows != grid.Rows || m.Grid.Cols != grid.Cols {
		s.fail(j, "The server's answer does not fit the picture.")
		return
	}
	// Cells of the wire are 8 pixels whatever the block size.
	j.merger.Add(block.Placed{Scores: block.Scores{Grid: grid, Values: m.Grid.Values, Unlike: m.Unlike},
		Row: crop.Row * 8 / size, Col: crop.Col * 8 / size})
	j.Answered++
	j.Map = j.merger.Scores()
	j.Unlike = j.Map.Unlike
	v, row, col := j.Map.Max()
	x0, y0, x1, y1 := j.Map.Area(row, col, j.Size.W, j.Size.H)
	j.Score, j.HotX, j.HotY = v, (x0+x1)/2, (y0+y1)/2
	trip := s.host.Now() - f.sent
	if server := j.stages(m.Stages, trip); f.alone > 0 && server > 0 {
		s.line.learn(f.alone, trip, server)
	}
	if j.Answered == j.Crops {
		j.State, j.Total = Scored, s.host.Now()-j.began
		s.active = slices.DeleteFunc(s.active, func(o *job) bool { return o == j })
		j.prepared, j.merger = Prepared{}, nil // the pixels are not needed any more
	}
	s.listen.Picture(j.Report)
}

// stages takes over what the server says of its work on one crop. What of the
// round trip is not the server's is the way there and back.
func (r *Report) stages(list []wire.StageTime, trip Millis) (server Millis) {
	for _, t := range list {
		if t.Stage == wire.StageTotal {
			server = micros(t)
		}
	}
	r.addTime(StageSend, max(0, trip-server))
	for _, t := range list {
		if name := stageName(t.Stage); name != "" {
			r.addTime(name, micros(t))
		}
	}
	return server
}

func micros(t wire.StageTime) Millis { return Millis(t.Micros) / 1000 }

// stageName is "" for stages that are parts of another one that is shown.
func stageName(s wire.Stage) Stage {
	switch s {
	case wire.StageDecode:
		return StageUnpack
	case wire.StageQueue:
		return StageQueue
	case wire.StageScore:
		return StageScore
	}
	return ""
}

func (s *Session) failure(m wire.Error) {
	if m.Request == 0 { // about the connection, which the server closes now
		if m.Code == wire.CodeVersion {
			s.refuse(refusedVersion)
			return
		}
		s.reason = m.Text
		return
	}
	if m.Request == s.opening {
		// It went away between the list and the question: take another one.
		s.opening = 0
		s.detectors = slices.DeleteFunc(s.detectors, func(d wire.Detector) bool { return d.Name == s.asked })
		if s.wanted == s.asked {
			s.wanted = ""
		}
		if s.visit == s.asked {
			s.visit = ""
		}
		s.openDetector()
		return
	}
	if m.Request == s.asking {
		s.asking = 0
		s.listen.Refused(m.Text)
		return
	}
	f, ok := s.flights[m.Request]
	if !ok {
		return
	}
	delete(s.flights, m.Request)
	if f.ticket != f.job.ticket {
		return
	}
	switch {
	case m.Code.Retry():
		f.job.giveBack(f.crop)
		s.rest()
	case m.Code == wire.CodeStale || m.Code == wire.CodeNotOpen:
		// The detector changed under the crop. Its new description is on its
		// way, or is asked for, and starts the job anew.
		s.drop(f.job)
		s.requeue(f.job, true)
		if s.opened {
			s.openDetector()
		}
	default:
		s.fail(f.job, m.Text)
	}
}

// rest stops sending for a while, longer with every 'busy' in a row.
func (s *Session) rest() {
	if s.pause != nil {
		return
	}
	d := min(200*Millis(int(1)<<min(s.busy, 5)), 5*second)
	s.busy++
	s.pause = s.host.After(d, func() {
		s.pause = nil
		s.pump()
	})
}

// giveBack puts a crop back among those to be sent.
func (j *job) giveBack(crop int) {
	if i, found := slices.BinarySearch(j.todo, crop); !found {
		j.todo = slices.Insert(j.todo, i, crop)
	}
}
