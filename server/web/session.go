package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"semirest/server/project"
	"semirest/shared/wire"
)

// Times of a session. Variables, so that tests need not wait.
var (
	pingEvery    = 20 * time.Second // the server asks for a sign of life
	lookEvery    = time.Second / 2  // whether the session's person may still be here
	readPatience = 60 * time.Second // without one, or for one message, the connection is given up
	sendPatience = 20 * time.Second // for one message to leave
	lingerTime   = time.Second      // after our close frame, for the client to have read it
)

// session is one websocket connection. run is its reader; write is its writer.
type session struct {
	server *Server
	conn   *websocket.Conn
	log    *slog.Logger
	owner  string // whom the queue is fair to
	out    *outbox
	lastly closing // what the writer says after everything else; set before out.end

	who    caller                  // as of the upgrade; again finds them anew
	ending atomic.Pointer[closing] // what the reader is to stop with; nil: it goes on

	mu      sync.Mutex
	watched map[project.ID]bool           // projects whose notices it gets
	open    string                        // name of the open detector, "" for none
	pending map[uint32]context.CancelFunc // unanswered crops
	idle    *sync.Cond                    // pending became empty

	crops, faults atomic.Int64 // for the log
}

// closing is a close frame: its code, 0 for none, and its reason.
type closing struct {
	code   int
	reason string
}

func newSession(s *Server, conn *websocket.Conn, id uint64, remote string, w caller) *session {
	x := &session{
		server: s, conn: conn, log: s.log.With("session", id, "remote", remote),
		who: w, owner: ownerOf(w, remote), out: newOutbox(), pending: make(map[uint32]context.CancelFunc),
	}
	x.idle = sync.NewCond(&x.mu)
	return x
}

// run reads until the client leaves, does something that ends the connection, or the server drains.
func (x *session) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	start := time.Now()
	x.log.Info("session opened")
	hello := x.server.hello(ctx, x.who).Append(nil)
	x.server.recall(x)
	written := make(chan struct{})
	go func() {
		defer close(written)
		if err := x.write(hello); err != nil {
			x.log.Debug("cannot send", "error", err)
			cancel()           // frees a reader that waits for room in the outbox
			_ = x.conn.Close() // and one that waits for a message
		}
	}()

	x.lastly = x.read(ctx)
	if x.lastly.code != 0 {
		x.settle(ctx) // what was taken in is answered first
	} else {
		cancel() // nobody is there to read an answer
	}
	x.out.end()
	<-written
	if x.lastly.code != 0 {
		x.linger()
	}
	_ = x.conn.Close()
	cancel()
	x.settle(context.Background()) // runners let go of this session's tasks at once: their contexts have ended
	x.log.Info("session closed", "seconds", time.Since(start).Seconds(), "crops", x.crops.Load(),
		"errors", x.faults.Load(), "code", x.lastly.code, "reason", x.lastly.reason)
}

// read handles messages until there are no more. What it returns is the close frame to send; code 0 means that the
// client is gone.
func (x *session) read(ctx context.Context) closing {
	x.conn.SetPongHandler(func(string) error { x.alive(); return nil })
	for {
		x.alive()
		if end := x.ending.Load(); end != nil {
			return *end
		}
		kind, r, err := x.conn.NextReader()
		if err == nil && kind != websocket.BinaryMessage {
			x.fail(ctx, 0, wire.CodeBadMessage, "messages are binary, as package wire specifies; this one is text")
			return closing{websocket.CloseUnsupportedData, "binary messages only"}
		}
		var b *buffer
		if err == nil {
			b, err = x.server.buffers.read(ctx, r, x.server.config.MaxFrame)
		}
		if errors.Is(err, wire.ErrTooLarge) {
			x.fail(ctx, 0, wire.CodeTooLarge, fmt.Sprintf("a message may have %d bytes; send smaller crops", x.server.config.MaxFrame))
			return closing{websocket.CloseMessageTooBig, "message too large"}
		}
		if err != nil {
			if end := x.ending.Load(); end != nil {
				return *end
			}
			if !errors.Is(err, io.EOF) && !websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway) {
				x.log.Debug("connection lost", "error", err)
			}
			return closing{}
		}
		x.server.meter.bytesIn.Add(float64(len(b.data)))
		if end := x.handle(ctx, b); end.code != 0 {
			return end
		}
	}
}

var goingAway = closing{websocket.CloseGoingAway, "the server is stopping"}

// handle acts on one message. It owns b. A close frame in the result ends the connection.
func (x *session) handle(ctx context.Context, b *buffer) closing {
	arrived := time.Now()
	if end := x.recheck(ctx, len(b.data)); end.code != 0 {
		b.free()
		return end
	}
	m, err := wire.Parse(b.data)
	request := wire.Request(b.data)
	if crop, ok := m.(wire.Crop); ok && err == nil {
		x.crop(ctx, crop, b, arrived)
		return closing{}
	}
	b.free() // only a crop's pixels alias it
	switch {
	case errors.Is(err, wire.ErrVersion):
		x.fail(ctx, 0, wire.CodeVersion, err.Error())
		return closing{websocket.CloseProtocolError, "another version of the protocol"}
	case errors.Is(err, wire.ErrUnknownType):
		return x.refuse(ctx, request, wire.CodeUnknownType, "this server does not know messages of this type")
	case errors.Is(err, wire.ErrTooLarge):
		return x.refuse(ctx, request, wire.CodeTooLarge, err.Error())
	case err != nil:
		return x.refuse(ctx, request, wire.CodeBadMessage, err.Error())
	case request == 0:
		return x.refuse(ctx, 0, wire.CodeBadMessage, "a request needs an id above 0 to be answered")
	}
	switch m := m.(type) {
	case wire.Open:
		x.openDetector(ctx, m)
	case wire.Cancel:
		x.mu.Lock()
		if cancel := x.pending[m.Request]; cancel != nil {
			cancel()
		}
		x.mu.Unlock()
	case wire.Measure:
		x.out.reply(ctx, wire.Measured{Request: m.Request})
	case wire.Watch:
		x.answerWatch(ctx, m)
	default:
		return x.refuse(ctx, request, wire.CodeBadMessage, "only a server sends messages of this type")
	}
	return closing{}
}

// openDetector answers Open.
func (x *session) openDetector(ctx context.Context, m wire.Open) {
	d, release, ok := x.server.useDetector(ctx, x.who, m.Detector)
	if !ok {
		x.fail(ctx, m.Request, wire.CodeNotFound, fmt.Sprintf("there is no detector %q here; Hello lists those there are", m.Detector))
		return
	}
	defer release()
	x.mu.Lock()
	x.open = d.Name
	x.mu.Unlock()
	x.out.reply(ctx, d.message(m.Request))
}

// refuse answers a message that cannot be handled. Without a request id the error concerns the connection, which ends.
func (x *session) refuse(ctx context.Context, request uint32, code wire.Code, text string) closing {
	x.fail(ctx, request, code, text)
	if request == 0 {
		return closing{websocket.CloseProtocolError, "a message could not be read"}
	}
	return closing{}
}

// fail sends an Error from the reader.
func (x *session) fail(ctx context.Context, request uint32, code wire.Code, text string) {
	x.count(code)
	x.out.reply(ctx, wire.Error{Request: request, Code: code, Text: text})
}

// count counts an error answered.
func (x *session) count(code wire.Code) {
	x.faults.Add(1)
	x.server.meter.errors.WithLabelValues(codeName(code)).Inc()
}

// settle waits until every crop taken in is answered, or ctx ends.
func (x *session) settle(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.idle.Broadcast()
	})
	defer stop()
	x.mu.Lock()
	defer x.mu.Unlock()
	for len(x.pending) > 0 && ctx.Err() == nil {
		x.idle.Wait()
	}
}

// drain stops the session because the server stops.
func (x *session) drain() { x.stop(goingAway) }

// stop makes the reader stop, so that run answers what it has taken in and closes as said. The first stop counts.
func (x *session) stop(end closing) {
	x.ending.CompareAndSwap(nil, &end)
	x.alive()
}

// alive gives the client readPatience from now for its next message, or none if the session is to end. That is read
// after the deadline was set and stop sets it first, so that no interleaving loses the past deadline.
func (x *session) alive() {
	_ = x.conn.NetConn().SetReadDeadline(time.Now().Add(readPatience))
	if x.ending.Load() != nil {
		_ = x.conn.NetConn().SetReadDeadline(time.Unix(1, 0))
	}
}

// write sends hello, then what the outbox holds, and pings, until the outbox has ended. An error means that the client
// cannot be reached.
func (x *session) write(hello []byte) error {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	var look <-chan time.Time // of one who may leave: by the page, or by a command in another process
	if x.who.again != nil {
		t := time.NewTicker(lookEvery)
		defer t.Stop()
		look = t.C
	}
	if err := x.send(hello); err != nil {
		return err
	}
	for {
		select {
		case <-ping.C:
			if err := x.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(sendPatience)); err != nil {
				return err
			}
			continue
		case <-look:
			x.remain() // a session that only listens ends too when its person's does
			continue
		case <-x.out.wake:
		}
		messages, ended := x.out.take()
		for _, m := range messages {
			if err := x.send(m); err != nil {
				return err
			}
		}
		if !ended {
			continue
		}
		if x.lastly.code == 0 {
			return nil
		}
		frame := websocket.FormatCloseMessage(x.lastly.code, x.lastly.reason)
		return x.conn.WriteControl(websocket.CloseMessage, frame, time.Now().Add(sendPatience))
	}
}

func (x *session) send(m []byte) error {
	if err := x.conn.SetWriteDeadline(time.Now().Add(sendPatience)); err != nil {
		return err
	}
	x.server.meter.bytesOut.Add(float64(len(m)))
	return x.conn.WriteMessage(websocket.BinaryMessage, m)
}

// linger reads and drops what the client still sends after our close frame. Closing a socket with unread bytes resets
// it, and the reset may overtake the answers and the close frame on their way.
func (x *session) linger() {
	raw := x.conn.NetConn()
	_ = raw.SetReadDeadline(time.Now().Add(lingerTime))
	if half, ok := raw.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_, _ = io.CopyN(io.Discard, raw, 4*wire.Window*wire.MaxFrame)
}
