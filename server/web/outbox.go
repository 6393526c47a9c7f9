package web

import (
	"context"
	"slices"
	"sync"

	"semirest/shared/wire"
)

// outboxRoom is how many replies may wait for a slow client before its own reader is held up.
const outboxRoom = 32

// outbox holds what a session's writer has still to send. Replies are kept in order and never lost. Notices are states
// sent whole: a newer one of the same key takes the older one's place, so a slow client costs one message a key.
type outbox struct {
	mu      sync.Mutex
	replies [][]byte
	notices []notice
	ended   bool
	wake    chan struct{} // room 1: something to send, or ended
	space   chan struct{} // room 1: replies were taken
}

type notice struct {
	key  string
	data []byte
}

func newOutbox() *outbox {
	return &outbox{wake: make(chan struct{}, 1), space: make(chan struct{}, 1)}
}

// answer queues the reply to a crop. It never blocks: the window bounds how many there are.
func (o *outbox) answer(m wire.Message) {
	o.mu.Lock()
	o.replies = append(o.replies, m.Append(nil))
	o.mu.Unlock()
	poke(o.wake)
}

// reply queues the answer to anything else and waits while the client is slow to read: a flood of bad messages is held
// up where it comes from. Only the session's reader calls it.
func (o *outbox) reply(ctx context.Context, m wire.Message) {
	for {
		o.mu.Lock()
		full := len(o.replies) >= outboxRoom
		o.mu.Unlock()
		if !full {
			o.answer(m)
			return
		}
		select {
		case <-o.space:
		case <-ctx.Done():
			return
		}
	}
}

// notify queues a notice in place of an unsent one of the same key.
func (o *outbox) notify(key string, data []byte) {
	o.mu.Lock()
	i := slices.IndexFunc(o.notices, func(n notice) bool { return n.key == key })
	if i >= 0 {
		o.notices[i].data = data
	} else {
		o.notices = append(o.notices, notice{key, data})
	}
	o.mu.Unlock()
	poke(o.wake)
}

// end says that nothing more will come; the writer sends what is there and leaves.
func (o *outbox) end() {
	o.mu.Lock()
	o.ended = true
	o.mu.Unlock()
	poke(o.wake)
}

// take returns what is to be sent, notices first (a Detector goes out before the scores of the next crop), and whether
// that was the last.
func (o *outbox) take() (messages [][]byte, ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range o.notices {
		messages = append(messages, n.data)
	}
	messages = append(messages, o.replies...)
	o.notices, o.replies = nil, nil
	poke(o.space)
	return messages, o.ended
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
