package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"strconv"
	"time"
)

// maxPart bounds a frame of a stream, bytes.
const maxPart = 64 << 20

// parts reads JPEG frames that follow each other in a multipart stream: what MJPEG cameras send over HTTP, and what
// ffmpeg writes as mpjpeg.
type parts struct {
	r     *multipart.Reader
	n     int
	close func() error
}

func newParts(r io.Reader, boundary string, close func() error) *parts {
	return &parts{r: multipart.NewReader(r, boundary), close: close}
}

// Next implements feed. It returns when the stream it reads from does; closing that ends it.
func (p *parts) Next(context.Context) (Frame, error) {
	part, err := p.r.NextRawPart()
	if err != nil {
		return Frame{}, err
	}
	var b bytes.Buffer
	// With its length said, a frame is there when its last byte is, else only when the next one begins.
	if n, err := strconv.ParseInt(part.Header.Get("Content-Length"), 10, 64); err == nil && n > 0 && n <= maxPart {
		if _, err := io.CopyN(&b, part, n); err != nil {
			return Frame{}, cut(err)
		}
	} else if n, err := io.Copy(&b, io.LimitReader(part, maxPart+1)); err != nil {
		return Frame{}, cut(err)
	} else if n > maxPart {
		return Frame{}, fmt.Errorf("a frame of more than %d MiB", maxPart>>20)
	}
	p.n++
	return Frame{Name: fmt.Sprintf("frame %d", p.n), Data: b.Bytes(), Time: time.Now()}, nil
}

// cut is the error of a stream that ended within a frame.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Close implements feed.
func (p *parts) Close() error { return p.close() }
