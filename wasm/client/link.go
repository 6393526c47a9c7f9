package client

// LinkState is where the connection stands.
type LinkState uint8

// The states of the connection.
const (
	LinkDialing LinkState = iota
	LinkOpen
	LinkLost    // dialled again after Status.Retry
	LinkRefused // for good, until the page is loaded again
)

// String is the state's name on the page.
func (l LinkState) String() string {
	return [...]string{"dialing", "open", "lost", "refused"}[l]
}

// Status is what the page says of the connection.
type Status struct {
	State      LinkState
	Ever       bool   // it has been open before
	Retry      Millis // until the next dial
	Reason     string // for people; "" when there is nothing to say
	Unanswered int    // crops sent and not answered
	Unfinished int    // pictures without a result
	Busy       bool   // the server asked to wait
}

const refusedVersion = "The server was updated. Reload this page to go on."

// Pauses between dials: short at first, since most losses are a server's
// restart, then up to maxPause, so that a page left open does no harm.
const (
	minPause = second / 2
	maxPause = 15 * second
)

// link is the part of a Session that concerns the connection itself.
type link struct {
	state     LinkState
	ever      bool
	number    int // of the latest dial
	socket    Socket
	opened    bool   // a detector is open on this connection
	opening   uint32 // request of the Open under way
	asked     string // the detector it asks for
	window    int
	maxFrame  int
	failures  int // dials in a row that came to nothing
	reason    string
	stopTimer func()
	retryAt   Millis
}

func (s *Session) dial() {
	s.stop()
	s.number++
	s.state = LinkDialing
	number := s.number
	s.stopTimer = s.host.After(dialPatience, func() {
		s.stopTimer = nil
		if number == s.number && s.state == LinkDialing {
			s.lost("The server does not answer.")
		}
	})
	s.host.Dial(number)
	s.tell()
}

func (s *Session) stop() {
	if s.stopTimer != nil {
		s.stopTimer()
		s.stopTimer = nil
	}
}

// Opened says that connection number stands. The server speaks first.
func (s *Session) Opened(number int, socket Socket) {
	if number != s.number || s.state != LinkDialing {
		socket.Close()
		return
	}
	s.socket = socket
}

// greeted is called when the server said Hello: the connection serves.
func (s *Session) greeted() {
	s.stop()
	s.state, s.ever, s.failures, s.reason = LinkOpen, true, 0, ""
}

// Closed says that connection number is gone.
func (s *Session) Closed(number int, reason string) {
	if number == s.number && s.state != LinkLost && s.state != LinkRefused {
		s.socket = nil
		s.lost(reason)
	}
}

// lost gives the connection up: what was not answered will be sent again on
// the next one, which is dialled after a pause.
func (s *Session) lost(reason string) {
	s.hangUp()
	s.state = LinkLost
	if s.reason == "" {
		s.reason = reason
	}
	d := min(minPause*Millis(int(1)<<min(s.failures, 10)), maxPause)
	// Up to a fifth more or less, so that the pages of a whole hall do not all
	// come back at once.
	d += Millis(s.rand.Float64()-0.5) * 0.4 * d
	s.failures++
	s.retryAt = s.host.Now() + d
	s.stopTimer = s.host.After(d, func() {
		s.stopTimer = nil
		s.dial()
	})
	s.tell()
}

// refuse gives the connection up for good.
func (s *Session) refuse(reason string) {
	s.hangUp()
	s.state, s.reason = LinkRefused, reason
	s.tell()
}

func (s *Session) hangUp() {
	s.stop()
	if s.pause != nil {
		s.pause()
		s.pause = nil
	}
	if s.watch != nil {
		s.watch()
		s.watch = nil
	}
	s.number++ // whatever the old connection still says is not heard
	if s.socket != nil {
		s.socket.Close()
		s.socket = nil
	}
	s.opened, s.opening, s.line = false, 0, line{}
	for request, f := range s.flights {
		if f.ticket == f.job.ticket {
			f.job.giveBack(f.crop)
		}
		delete(s.flights, request)
	}
}

// guard watches that the server, while it owes answers, says something.
func (s *Session) guard() {
	if s.watch != nil {
		return
	}
	s.lastHeard = s.host.Now()
	var check func()
	check = func() {
		s.watch = nil
		quiet := s.host.Now() - s.lastHeard
		switch {
		case len(s.flights) == 0:
		case quiet >= patience:
			s.lost("The server stopped answering.")
		default:
			s.watch = s.host.After(patience-quiet, check)
		}
	}
	s.watch = s.host.After(patience, check)
}

// post sends a message without pixels; without a connection it does nothing,
// since every connection starts anew. It takes bytes, not a wire.Message: a
// call of Append through the interface would link every message's.
func (s *Session) post(message []byte) {
	if s.socket == nil {
		return
	}
	if err := s.socket.Send(message, nil); err != nil {
		s.lost(err.Error())
	}
}

// tell reports the status when it changed.
func (s *Session) tell() {
	st := Status{State: s.state, Ever: s.ever, Reason: s.reason, Unanswered: len(s.flights), Busy: s.pause != nil}
	if s.state == LinkLost {
		st.Retry = s.retryAt - s.host.Now()
	}
	for _, j := range s.jobs {
		if j.State < Scored {
			st.Unfinished++
		}
	}
	if st != s.lastStatus {
		s.lastStatus = st
		s.listen.Link(st)
	}
}
