package source

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Frame is one picture of a source.
type Frame struct {
	Name string    // of its file within the folder, or what number of the stream it is
	Data []byte    // a file in a format of package picture: as it came, or JPEG from a stream
	Time time.Time // when it came
	Mark string    // tells it from all others of its source, over restarts; "" where it never comes again
}

// ID is the frame's identity, 32 hexadecimal digits: always the same for one that has a mark.
func (f Frame) ID(source string) string {
	what := f.Mark
	if what == "" {
		what = rand.Text()
	}
	sum := sha256.Sum256([]byte(source + "\x00" + what))
	return hex.EncodeToString(sum[:16])
}

// feed is an open source. Next waits for a frame that was not taken yet; io.EOF says that there will be none.
type feed interface {
	Next(ctx context.Context) (Frame, error)
	Close() error
}

// Seen tells whether the frame with a mark was taken before, perhaps before a restart.
type Seen func(ctx context.Context, mark string) (bool, error)

// open opens a source.
func open(ctx context.Context, s Spec, seen Seen) (feed, error) {
	kind, err := s.Kind()
	if err != nil {
		return nil, err
	}
	switch kind {
	case Folder:
		return openFolder(s.Address, seen), nil
	case Video:
		return openVideo(ctx, s, seen)
	case MJPEG:
		return openMJPEG(ctx, s.Address)
	}
	return openRTSP(ctx, s.Address)
}
