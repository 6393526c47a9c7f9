package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// stalls is after how long without a frame a live source is taken for gone.
const stalls = 30 * time.Second

// live reads a feed as fast as its frames come and gives the newest.
type live struct {
	feed
	newest  chan Frame
	ended   chan error
	dropped func()
}

func goLive(ctx context.Context, f feed, came func(Frame), dropped func()) *live {
	l := &live{feed: f, newest: make(chan Frame, 1), ended: make(chan error, 1), dropped: dropped}
	go func() {
		for {
			frame, err := f.Next(ctx)
			if err != nil {
				l.ended <- err
				return
			}
			came(frame)
			select {
			case <-l.newest:
				dropped()
			default:
			}
			l.newest <- frame // the only one who fills it
		}
	}()
	return l
}

// Next implements feed.
func (l *live) Next(ctx context.Context) (Frame, error) {
	patience := time.NewTimer(stalls)
	defer patience.Stop()
	select {
	case frame := <-l.newest:
		return frame, nil
	case err := <-l.ended:
		if errors.Is(err, io.EOF) { // no end of a file: a camera goes on some day
			return Frame{}, errors.New("the camera ended the stream")
		}
		return Frame{}, err
	case <-patience.C:
		return Frame{}, fmt.Errorf("no frame came for %s", stalls)
	case <-ctx.Done():
		return Frame{}, ctx.Err()
	}
}
