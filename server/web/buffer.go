package web

import (
	"io"
	"sync"

	"semirest/shared/wire"
)

// buffers pools the memory that messages are read into: a crop is the better part of a megabyte, and without a pool
// the garbage of fifty clients is what the server's memory is made of. An idle session holds no buffer.
type buffers struct{ pool sync.Pool }

// buffer is one message. free gives it back; its data must not be used after that.
type buffer struct {
	data []byte
	pool *sync.Pool
}

// firstRead is what a message is given before its size is known. Most messages that are not crops fit.
const firstRead = 4 << 10

// read reads one message of at most limit bytes. Nothing is allocated for bytes that have not come, so a frame that
// announces gigabytes costs nothing. The error is wire.ErrTooLarge, or the reader's.
func (p *buffers) read(r io.Reader, limit int) (*buffer, error) {
	b, _ := p.pool.Get().(*buffer)
	if b == nil {
		b = &buffer{data: make([]byte, 0, firstRead), pool: &p.pool}
	}
	b.data = b.data[:0]
	for {
		if len(b.data) == cap(b.data) {
			if len(b.data) > limit {
				b.free()
				return nil, wire.ErrTooLarge
			}
			grown := make([]byte, len(b.data), min(4*cap(b.data), limit+1))
			copy(grown, b.data)
			b.data = grown
		}
		n, err := r.Read(b.data[len(b.data):min(cap(b.data), limit+1)])
		b.data = b.data[:len(b.data)+n]
		if len(b.data) > limit {
			b.free()
			return nil, wire.ErrTooLarge
		}
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			b.free()
			return nil, err
		}
	}
}

func (b *buffer) free() { b.pool.Put(b) }
