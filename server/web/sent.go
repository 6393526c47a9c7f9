package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/labstack/echo/v4"

	"semirest/server/memory"
	"semirest/shared/prep"
)

// sentInMemory is up to how many bytes of a file stay in memory while the rest of it comes. Sixteen senders of large
// files then cost a disk some room, and no memory before it is a file's turn to be looked at.
const sentInMemory = 256 << 10

// sent is a file that was sent whole.
type sent struct {
	head []byte   // all of a small one
	rest *os.File // all of a larger one, without a name; nil: a small one
	size int64
}

// receive reads r to its end, at most one byte beyond limit: a file that is larger has more.
func (s *Server) receive(r io.Reader, limit int64) (*sent, error) {
	r = io.LimitReader(r, limit+1)
	head, err := io.ReadAll(io.LimitReader(r, sentInMemory))
	if err != nil || len(head) < sentInMemory {
		return &sent{head: head, size: int64(len(head))}, err
	}
	f, err := s.tempFile()
	if err != nil {
		return nil, err
	}
	x := &sent{rest: f}
	if x.size, err = io.Copy(f, io.MultiReader(bytes.NewReader(head), r)); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

// tempFile makes a file that lives as long as it is open.
func (s *Server) tempFile() (*os.File, error) {
	dir := ""
	if s.config.Workshop != nil {
		dir = s.config.Workshop.Spool
	}
	f, err := os.CreateTemp(dir, "sent-*")
	if err != nil {
		return nil, fmt.Errorf("web: keep what is sent: %w", err)
	}
	_ = os.Remove(f.Name())
	return f, nil
}

// reader reads the file from its beginning.
func (x *sent) reader() io.ReadSeeker {
	if x.rest == nil {
		return bytes.NewReader(x.head)
	}
	return io.NewSectionReader(x.rest, 0, x.size)
}

// bytes are the whole file.
func (x *sent) bytes() ([]byte, error) {
	if x.rest == nil {
		return x.head, nil
	}
	b := make([]byte, x.size)
	if _, err := x.rest.ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("web: read what was sent: %w", err)
	}
	return b, nil
}

// Close lets go of the file.
func (x *sent) Close() {
	if x.rest != nil {
		_ = x.rest.Close()
	}
}

// lineOf is in whose line a request waits.
func lineOf(c echo.Context) string { return ownerOf(who(c), c.RealIP()) }

// withPixels decodes a file when it is its owner's turn and there is memory for it, and hands use the pixels, upright
// RGB, which are not to be kept: it may make of them what an encoder does. read gives the file's bytes.
func (s *Server) withPixels(ctx context.Context, owner string, read func() ([]byte, error), use func(size prep.Size, rgb []byte) error) error {
	leave, err := s.decoding.wait(ctx, owner)
	if err != nil {
		return err
	}
	defer leave()
	data, err := read()
	if err != nil {
		return err
	}
	share, err := s.room(ctx, data, 0)
	if err != nil {
		return err
	}
	defer share.Release()
	size, pixels, err := s.config.Decode(data, s.config.Limits, prep.OwnDepth)
	if err != nil {
		return unreadable(err)
	}
	return use(size, pixels)
}

// room is Config.Room.
func (s *Server) room(ctx context.Context, data []byte, extra int64) (*memory.Share, error) {
	if s.config.Room == nil {
		return nil, nil //nolint:nilnil // a nil share is one of nothing
	}
	return s.config.Room(ctx, data, s.config.Limits, extra)
}
