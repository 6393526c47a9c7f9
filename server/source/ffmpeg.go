package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// errNoFFmpeg says what to do where ffmpeg is missing.
var errNoFFmpeg = errors.New("video files and H.264 are decoded by ffmpeg, which is not on this machine: install it (Debian: apt-get install ffmpeg), or use an MJPEG stream")

// startFFmpeg runs ffmpeg, whose frames come as JPEG of its best quality but for lossless. in is its input, nil for none.
func startFFmpeg(ctx context.Context, in io.Reader, input, pick []string) (*parts, error) {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil, errNoFFmpeg
	}
	ctx, stop := context.WithCancel(ctx)
	args := append([]string{"-hide_banner", "-loglevel", "error"}, input...)
	args = append(append(args, pick...), "-an", "-fps_mode", "passthrough", "-c:v", "mjpeg", "-q:v", "2", "-f", "mpjpeg", "pipe:1")
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = 2 * time.Second
	cmd.Stdin = in
	said := new(tail)
	cmd.Stderr = said
	out, err := cmd.StdoutPipe()
	if err != nil {
		stop()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		stop()
		return nil, fmt.Errorf("ffmpeg: %w", err)
	}
	var once sync.Once
	end := func() (err error) {
		once.Do(func() {
			stop()
			_ = out.Close()
			_ = cmd.Wait() // it was stopped: how it ended says nothing
		})
		return err
	}
	return newParts(&output{out, cmd, said}, "ffmpeg", end), nil
}

// output is ffmpeg's output, at whose end ffmpeg says how it ended.
type output struct {
	io.Reader
	cmd  *exec.Cmd
	said *tail
}

// Read implements io.Reader.
func (o *output) Read(p []byte) (int, error) {
	n, err := o.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		if failed := o.cmd.Wait(); failed != nil && o.said.String() != "" {
			err = fmt.Errorf("ffmpeg: %s", o.said)
		}
	}
	return n, err
}

// tail keeps the last line that was written to it.
type tail struct {
	mu   sync.Mutex
	last string
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(string(bytes.TrimSpace(p)), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		t.last = last[:min(len(last), 300)]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// video gives the frames of a file by their number, which tells them from each other over restarts.
type video struct {
	*parts
	seen Seen
	file string // what tells it from another file of its name
}

func openVideo(ctx context.Context, s Spec, seen Seen) (feed, error) {
	info, err := os.Stat(s.Address)
	if err != nil {
		return nil, err
	}
	of := stamp{info.Size(), info.ModTime().UnixNano()}
	var pick []string
	if s.Trigger == Interval { // by the video's own clock, which does not depend on how fast it is scored
		pick = []string{"-vf", fmt.Sprintf("fps=1000/%d", s.EveryMS)}
	}
	p, err := startFFmpeg(ctx, nil, []string{"-nostdin", "-i", s.Address}, pick)
	if err != nil {
		return nil, err
	}
	return &video{p, seen, of.mark(strings.Join(pick, " "))}, nil
}

// Next implements feed.
func (v *video) Next(ctx context.Context) (Frame, error) {
	for {
		f, err := v.parts.Next(ctx)
		if err != nil {
			return f, err
		}
		f.Mark = f.Name + " " + v.file
		if done, err := v.seen(ctx, f.Mark); err != nil || !done {
			return f, err
		}
	}
}
