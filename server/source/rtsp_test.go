package source

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"
)

// relay is a server that gives out what one publisher sends to it.
type relay struct {
	server *gortsplib.Server
	mu     sync.Mutex
	stream *gortsplib.ServerStream
}

func (r *relay) now() *gortsplib.ServerStream {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stream
}

func (r *relay) OnDescribe(*gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if s := r.now(); s != nil {
		return &base.Response{StatusCode: base.StatusOK}, s, nil
	}
	return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
}

func (r *relay) OnAnnounce(c *gortsplib.ServerHandlerOnAnnounceCtx) (*base.Response, error) {
	s := &gortsplib.ServerStream{Server: r.server, Desc: c.Description}
	if err := s.Initialize(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stream = s
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func (r *relay) OnSetup(c *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if c.Session.State() == gortsplib.ServerSessionStatePreRecord {
		return &base.Response{StatusCode: base.StatusOK}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, r.now(), nil
}

func (r *relay) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func (r *relay) OnRecord(c *gortsplib.ServerHandlerOnRecordCtx) (*base.Response, error) {
	s := r.now()
	c.Session.OnPacketRTPAny(func(m *description.Media, _ format.Format, p *rtp.Packet) {
		_ = s.WritePacketRTP(m, p)
	})
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// startRelay returns the address of a relay.
func startRelay(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that is free
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	r := &relay{}
	r.server = &gortsplib.Server{Handler: r, RTSPAddress: at}
	if err := r.server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.server.Close)
	return "rtsp://" + at + "/line"
}

// publish streams greys of two seconds in turn, again and again, as a camera does.
func publish(t *testing.T, address string, codec ...string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	args := append([]string{"-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i",
		"nullsrc=s=64x48:r=10,geq=lum='32+128*mod(floor(T),2)':cb=128:cr=128"}, codec...)
	cmd := exec.CommandContext(ctx, "ffmpeg", append(args, "-f", "rtsp", "-rtsp_transport", "tcp", address)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
}

func TestRTSP(t *testing.T) {
	needFFmpeg(t)
	for name, codec := range map[string][]string{
		"h264":  {"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10"},
		"mjpeg": {"-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-huffman", "default", "-force_duplicated_matrix", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			address := startRelay(t)
			b := newBook()
			w := watch(t, Spec{Name: "camera", Address: address, Trigger: Change, Change: 20}, b)
			until(t, w, Waiting) // nobody sends yet
			publish(t, address, codec...)
			b.await(t, 3)
			for i := 1; i < 3; i++ { // each second is another grey
				a, b := greyOf(t, b.frames[i-1].Data), greyOf(t, b.frames[i].Data)
				if d := max(a-b, b-a); d < 110 || d > 155 {
					t.Errorf("greys %d and %d follow each other", a, b)
				}
			}
			if s := w.Status(); s.State != Running || s.Errors == 0 {
				t.Errorf("%+v", s)
			}
			w.Pause(true)
			until(t, w, Paused)
			w.Pause(false)
			b.await(t, 2)
		})
	}
	t.Run("another codec", func(t *testing.T) {
		address := startRelay(t)
		publish(t, address, "-pix_fmt", "yuv420p", "-c:v", "mpeg4")
		var last error
		for range 1000 {
			f, err := openRTSP(t.Context(), address)
			if err == nil {
				f.Close()
				t.Fatal("it plays")
			}
			if last = err; fmt.Sprint(err) == "the camera offers MPEG-4 Video: set it to H.264 or MJPEG" {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("it says %v", last)
	})
}
