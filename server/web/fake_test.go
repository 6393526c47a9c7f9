package web

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"semirest/server/picture"
	"semirest/shared/block"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// fakeInput is the input of the fake detector: 4 x 3 blocks of 16 pixels.
var fakeInput = prep.Size{W: 64, H: 48}

// brightness is a Scorer whose block score is the mean of the block's bytes: 0 to 255. The detectors of these tests
// have threshold 100.
type brightness struct {
	input prep.Size
	mu    sync.Mutex
	calls []int             // crops of each run
	order []byte            // first byte of every crop, as they were run
	gate  chan struct{}     // where not nil, a run waits for a token
	begun chan struct{}     // where not nil, gets a token when a run begins
	fail  error             // what a run returns
	seen  []block.Cell      // origins
	ctxs  []context.Context // of the runs
}

func (f *brightness) Score(ctx context.Context, pixels []byte, origins []block.Cell) ([]block.Scores, error) {
	n := len(origins)
	size := 3 * f.input.W * f.input.H
	f.mu.Lock()
	f.calls = append(f.calls, n)
	for i := range n {
		f.order = append(f.order, pixels[i*size])
	}
	f.seen = append(f.seen, origins...)
	f.ctxs = append(f.ctxs, ctx)
	fail := f.fail
	f.mu.Unlock()
	if f.begun != nil {
		f.begun <- struct{}{}
	}
	if f.gate != nil {
		select {
		case <-f.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if fail != nil {
		return nil, fail
	}
	out := make([]block.Scores, n)
	for i := range out {
		out[i] = meanOfBlocks(pixels[i*size:(i+1)*size], f.input)
	}
	return out, nil
}

// meanOfBlocks is what the fake detector finds in [h, w, 3] pixels.
func meanOfBlocks(pixels []byte, input prep.Size) block.Scores {
	s := block.NewScores(block.For(input.W, input.H, 16))
	sums := make([]int, s.Len())
	for y := range input.H {
		for x := range input.W {
			for c := range 3 {
				sums[s.Index(y/16, x/16)] += int(pixels[3*(y*input.W+x)+c])
			}
		}
	}
	for i, sum := range sums {
		s.Values[i] = float32(sum) / (16 * 16 * 3)
	}
	return s
}

func fakeDetector(name string, sc Scorer) Detector {
	return Detector{
		Name: name, Model: "model of " + name, Preset: "lite", Supervision: "none", Kind: wire.Distance,
		Created: time.Unix(1_700_000_000, 0), Input: fakeInput, Block: 16, Threshold: 100, FalseAlarms: 0.01, Scorer: sc,
	}
}

func decodePicture(data []byte, l prep.Limits, depth prep.Depth) (prep.Size, []byte, error) {
	p, err := picture.DecodeDepth(data, l, depth)
	return p.Size, p.Pix, err
}

// rig is a server under test with one detector, "fake".
type rig struct {
	*Server
	t      *testing.T
	http   *httptest.Server
	scorer *brightness
}

func newRig(t *testing.T, c Config, sc *brightness) *rig {
	t.Helper()
	if sc == nil {
		sc = &brightness{}
	}
	if sc.input == (prep.Size{}) {
		sc.input = fakeInput
	}
	c.Decode, c.Mask, c.Line = decodePicture, picture.MaskFile, theLine
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Install(fakeDetector("fake", sc)); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	r := &rig{Server: s, t: t, http: h, scorer: sc}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
		h.Close()
	})
	return r
}

// dialer is a session's other end.
type dialer struct {
	t    *testing.T
	conn *websocket.Conn
	wire.Hello
}

// dial connects and takes the Hello.
func (r *rig) dial() *dialer {
	r.t.Helper()
	conn, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(r.http.URL, "http")+"/api/v1/stream", nil)
	if err != nil {
		r.t.Fatalf("dial: %v (%v)", err, resp)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	d := &dialer{t: r.t, conn: conn}
	d.Hello = next[wire.Hello](d)
	return d
}

// open connects and opens the fake detector.
func (r *rig) open() (*dialer, wire.Detector) {
	r.t.Helper()
	d := r.dial()
	d.send(wire.Open{Request: 1, Detector: "fake"})
	return d, next[wire.Detector](d)
}

func (d *dialer) send(m wire.Message) {
	d.t.Helper()
	d.sendBytes(m.Append(nil))
}

func (d *dialer) sendBytes(b []byte) {
	d.t.Helper()
	if err := d.conn.WriteMessage(websocket.BinaryMessage, b); err != nil {
		d.t.Fatalf("send: %v", err)
	}
}

func (d *dialer) receive() (wire.Message, error) {
	_ = d.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, b, err := d.conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	return wire.Parse(b)
}

// next takes the next message, which must be an M.
func next[M wire.Message](d *dialer) M {
	d.t.Helper()
	m, err := d.receive()
	if err != nil {
		d.t.Fatalf("receive: %v", err)
	}
	out, ok := m.(M)
	if !ok {
		d.t.Fatalf("received %#v, want a %T", m, out)
	}
	return out
}

// wantError takes the next message, which must be an Error of a code for a request.
func (d *dialer) wantError(request uint32, code wire.Code) (text string) {
	d.t.Helper()
	e := next[wire.Error](d)
	if e.Request != request || e.Code != code || e.Text == "" {
		d.t.Fatalf("received error %d of code %d (%q), want %d of code %d", e.Request, e.Code, e.Text, request, code)
	}
	return e.Text
}

// wantClose takes the end of the connection, which must be a close frame of a code.
func (d *dialer) wantClose(code int) {
	d.t.Helper()
	m, err := d.receive()
	if err == nil {
		d.t.Fatalf("received %#v, want the end of the connection", m)
	}
	if !websocket.IsCloseError(err, code) {
		d.t.Fatalf("the connection ended with %v, want close code %d", err, code)
	}
}

// grey is the pixels of an input, all of one value.
func grey(v byte) []byte { return bytes.Repeat([]byte{v}, 3*fakeInput.W*fakeInput.H) }

// cropOf is a whole picture as a crop for a detector.
func cropOf(d wire.Detector, request uint32, pixels []byte) wire.Crop {
	return wire.Crop{
		Request: request, Picture: 7, Generation: d.Generation, Count: 1, W: d.W, H: d.H,
		PictureW: 640, PictureH: 480, Source: image.Rect(0, 0, 640, 480), Encoding: wire.RawRGB, Pixels: pixels,
	}
}

// get asks the server and decodes its JSON answer into out, where that is not nil.
func (r *rig) get(path string, out any) *http.Response {
	r.t.Helper()
	resp, err := http.Get(r.http.URL + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			r.t.Fatalf("%s: %v in %s", path, err, body)
		}
	}
	return resp
}

// eventually waits for something that happens on another goroutine.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("timed out: %s", what)
}
