package web

import (
	"context"
	"io"
	"sync"

	"semirest/server/memory"
	"semirest/shared/wire"
)

// buffers pools the memory that messages are read into: a crop is the better part of a megabyte, and without a pool
// the garbage of fifty clients is what the server's memory is made of. An idle session holds no buffer.
type buffers struct{ pool sync.Pool }

// buffer is one message. free gives it back; its data must not be used after that.
type buffer struct {
	data  []byte
	pool  *sync.Pool
	share *memory.Share // of what is more than freeRead; nil: nothing is
}

const (
	firstRead = 4 << 10  // what a message is given before its size is known; most that are not crops fit
	freeRead  = 64 << 10 // what it takes without asking whether there is memory
)

// read reads one message of at most limit bytes. Nothing is allocated for bytes that have not come, so a frame that
// announces gigabytes costs nothing; of one that is longer than freeRead the rest waits on the line until there is memory
// for the longest. The error is wire.ErrTooLarge, ctx's or the reader's.
func (p *buffers) read(ctx context.Context, r io.Reader, limit int) (*buffer, error) {
	b, _ := p.pool.Get().(*buffer)
	if b == nil {
		b = &buffer{data: make([]byte, 0, firstRead), pool: &p.pool}
	}
	b.data = b.data[:0]
	if cap(b.data) > freeRead { // it was a longer message's, which this one need not be
		b.data = make([]byte, 0, firstRead)
	}
	for {
		if len(b.data) == cap(b.data) {
			if len(b.data) > limit {
				b.free()
				return nil, wire.ErrTooLarge
			}
			if b.share == nil && len(b.data) >= freeRead {
				share, err := memory.Take(ctx, int64(limit)+1)
				if err != nil {
					b.free()
					return nil, err
				}
				b.share = share
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
			b.share.Keep(int64(cap(b.data)))
			return b, nil
		}
		if err != nil {
			b.free()
			return nil, err
		}
	}
}

func (b *buffer) free() {
	b.share.Release()
	b.share = nil
	b.pool.Put(b)
}
