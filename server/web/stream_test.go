package web

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"semirest/shared/prep"
	"semirest/shared/wire"
)

func TestACropIsScoredAndCalibrated(t *testing.T) {
	r := newRig(t, Config{Version: "test"}, nil)
	d, det := r.open()
	if d.Window != wire.Window || len(d.Detectors) != 1 || d.Server != "semirest test" {
		t.Errorf("hello %+v", d.Hello)
	}
	if det.Request != 1 || det.Name != "fake" || det.W != 64 || det.H != 48 || det.Block != 16 || det.Generation == 0 {
		t.Fatalf("detector %+v", det)
	}
	pixels := grey(50)
	for y := 16; y < 32; y++ {
		for x := 32; x < 48; x++ {
			copy(pixels[3*(y*64+x):], []byte{250, 250, 250})
		}
	}
	d.send(cropOf(det, 9, pixels))
	s := next[wire.Scores](d)
	if s.Request != 9 || s.Picture != 7 || s.Generation != det.Generation || s.Count != 1 || s.Source != image.Rect(0, 0, 640, 480) {
		t.Errorf("scores do not say what they answer: %+v", s)
	}
	if s.Image != 2.5 || s.Grid.Rows != 3 || s.Grid.Cols != 4 || s.Grid.Values[1*4+2] != 2.5 || s.Grid.Values[0] != 0.5 {
		t.Errorf("scores %v of %v, want 2.5 in block 1, 2 and 0.5 elsewhere", s.Image, s.Grid)
	}
	stages := map[wire.Stage]bool{}
	for _, st := range s.Stages {
		stages[st.Stage] = true
	}
	if !stages[wire.StageQueue] || !stages[wire.StageScore] || !stages[wire.StageTotal] {
		t.Errorf("stages %v", s.Stages)
	}
}

func TestALossyCropTravelsAsJPEG(t *testing.T) {
	r := newRig(t, Config{}, nil)
	d, det := r.open()
	img := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for i := range img.Pix {
		img.Pix[i] = 150
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	crop := cropOf(det, 3, file.Bytes())
	crop.Encoding = wire.JPEG
	d.send(crop)
	s := next[wire.Scores](d)
	if math.Abs(float64(s.Image)-1.5) > 0.02 || s.Grid.Encoding != wire.Float16 || s.Stages[0].Stage != wire.StageDecode {
		t.Errorf("image score %v, encoding %v, stages %v", s.Image, s.Grid.Encoding, s.Stages)
	}
}

// A crop that travels as PNG, and one that the server makes of the picture's own file, score as the raw crop does.
func TestACropAsAFileScoresTheSame(t *testing.T) {
	r := newRig(t, Config{}, nil)
	d, det := r.open()
	img := image.NewNRGBA(image.Rect(0, 0, 64, 48))
	raw := make([]byte, 0, 3*64*48)
	for i := range 64 * 48 {
		v := byte(i * 7)
		copy(img.Pix[4*i:], []byte{v, v / 2, 255 - v, 255})
		raw = append(raw, v, v/2, 255-v)
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		t.Fatal(err)
	}
	d.send(cropOf(det, 1, raw))
	want := next[wire.Scores](d)
	for i, kind := range []wire.Pixels{wire.PNG, wire.File} {
		crop := cropOf(det, uint32(2+i), file.Bytes())
		crop.Encoding = kind
		crop.PictureW, crop.PictureH, crop.Source = 64, 48, image.Rect(0, 0, 64, 48)
		d.send(crop)
		got := next[wire.Scores](d)
		if !slices.Equal(got.Grid.Values, want.Grid.Values) || got.Grid.Encoding != wire.Float32 || got.Stages[0].Stage != wire.StageDecode {
			t.Errorf("encoding %d: %v by %v, want %v", kind, got.Grid.Values[:4], got.Stages, want.Grid.Values[:4])
		}
	}
	// How long a message takes is what a client wants to know.
	d.send(wire.Measure{Request: 9, Content: make([]byte, 1000)})
	if m := next[wire.Measured](d); m.Request != 9 {
		t.Errorf("%+v", m)
	}
}

func TestTheWindowIsEnforced(t *testing.T) {
	sc := &brightness{gate: make(chan struct{})}
	r := newRig(t, Config{}, sc)
	d, det := r.open()
	for i := range uint32(wire.Window) {
		d.send(cropOf(det, 10+i, grey(byte(i))))
	}
	d.send(cropOf(det, 11, grey(0)))
	d.wantError(11, wire.CodeDuplicate)
	d.send(cropOf(det, 20, grey(0)))
	d.wantError(20, wire.CodeBusy)
	for i := range uint32(wire.Window) {
		sc.gate <- struct{}{}
		if s := next[wire.Scores](d); s.Request != 10+i {
			t.Errorf("answer to %d, want %d", s.Request, 10+i)
		}
		// an answered crop leaves room at once
		d.send(cropOf(det, 30+i, grey(0)))
	}
	for range wire.Window {
		sc.gate <- struct{}{}
		next[wire.Scores](d)
	}
}

func TestAFullQueueSaysBusy(t *testing.T) {
	sc := &brightness{gate: make(chan struct{}), begun: make(chan struct{}, 10)}
	r := newRig(t, Config{Queue: 1}, sc)
	d, det := r.open()
	d.send(cropOf(det, 1, grey(0)))
	<-sc.begun // it runs; the queue is empty
	d.send(cropOf(det, 2, grey(0)))
	eventually(t, "the second crop waits", func() bool { return r.queue.len() == 1 })
	d.send(cropOf(det, 3, grey(0)))
	d.wantError(3, wire.CodeBusy)
	close(sc.gate)
	next[wire.Scores](d)
	next[wire.Scores](d)
	d.send(cropOf(det, 3, grey(0)))
	if s := next[wire.Scores](d); s.Request != 3 {
		t.Errorf("the crop sent again: %+v", s)
	}
}

func TestACropCanBeTakenBack(t *testing.T) {
	sc := &brightness{gate: make(chan struct{}), begun: make(chan struct{}, 10)}
	r := newRig(t, Config{}, sc)
	d, det := r.open()
	d.send(cropOf(det, 1, grey(1)))
	<-sc.begun
	d.send(cropOf(det, 2, grey(2)))
	d.send(wire.Cancel{Request: 2}) // waits: leaves the queue at once
	d.wantError(2, wire.CodeCancelled)
	if r.queue.len() != 0 {
		t.Error("a cancelled crop still waits")
	}
	d.send(wire.Cancel{Request: 1}) // runs: the run is told to stop
	d.wantError(1, wire.CodeCancelled)
	d.send(wire.Cancel{Request: 99}) // unknown: nothing happens
	close(sc.gate)
	d.send(cropOf(det, 4, grey(4)))
	if s := next[wire.Scores](d); s.Request != 4 {
		t.Errorf("next answer is to %d", s.Request)
	}
}

func TestAClientThatLeavesTakesItsCropsBack(t *testing.T) {
	sc := &brightness{gate: make(chan struct{}), begun: make(chan struct{}, 10)}
	r := newRig(t, Config{}, sc)
	d, det := r.open()
	for i := range uint32(wire.Window) {
		d.send(cropOf(det, i+1, grey(0)))
	}
	<-sc.begun
	_ = d.conn.Close()
	eventually(t, "the session ends", func() bool { return r.sessionCount() == 0 })
	if n := r.queue.len(); n != 0 {
		t.Errorf("%d crops of a client that left still wait", n)
	}
	if len(sc.calls) != 1 {
		t.Errorf("%d runs for a client that left", len(sc.calls))
	}
}

func TestASwapReachesOpenSessions(t *testing.T) {
	sc := &brightness{gate: make(chan struct{}), begun: make(chan struct{}, 10)}
	r := newRig(t, Config{}, sc)
	closed := make(chan struct{})
	old := fakeDetector("fake", sc)
	old.Close = func() { close(closed) }
	if err := r.Install(old); err != nil {
		t.Fatal(err)
	}
	d, det := r.open()
	d.send(cropOf(det, 5, grey(100)))
	<-sc.begun

	swapped := fakeDetector("fake", &brightness{input: fakeInput})
	swapped.Model, swapped.Threshold = "another", 50
	if err := r.Install(swapped); err != nil {
		t.Fatal(err)
	}
	fresh := next[wire.Detector](d)
	if fresh.Request != 0 || fresh.Model != "another" || fresh.Generation <= det.Generation {
		t.Fatalf("told of %+v", fresh)
	}
	select {
	case <-closed:
		t.Fatal("the old model was closed under a run")
	default:
	}
	sc.gate <- struct{}{}
	if s := next[wire.Scores](d); s.Generation != det.Generation || s.Image != 1 {
		t.Errorf("the crop under way was not scored by its own model: %+v", s)
	}
	<-closed

	d.send(cropOf(det, 6, grey(100))) // planned for the old one
	if m := next[wire.Detector](d); m.Generation != fresh.Generation {
		t.Errorf("described %+v", m)
	}
	d.wantError(6, wire.CodeStale)
	d.send(cropOf(fresh, 7, grey(100)))
	if s := next[wire.Scores](d); s.Image != 2 || s.Generation != fresh.Generation {
		t.Errorf("scores of the new model: %+v", s)
	}
}

func TestANewDetectorIsTold(t *testing.T) {
	r := newRig(t, Config{}, nil)
	d := r.dial()
	r.Tell("fit other", Progress{What: "Fitting", Done: 3, Total: 9, Left: 2 * time.Second})
	if p := next[wire.Progress](d); p.What != "Fitting" || p.Done != 3 || p.Total != 9 || p.SecondsLeft != 2 || p.Ended {
		t.Errorf("progress %+v", p)
	}
	late := r.dial()
	if p := next[wire.Progress](late); p.Done != 3 {
		t.Errorf("a session that came later was told %+v", p)
	}
	if err := r.Install(fakeDetector("other", &brightness{input: fakeInput})); err != nil {
		t.Fatal(err)
	}
	r.Tell("fit other", Progress{What: "Fitting", Ended: true})
	for _, x := range []*dialer{d, late} {
		if m := next[wire.Detector](x); m.Name != "other" || m.Request != 0 {
			t.Errorf("told of %+v", m)
		}
		if p := next[wire.Progress](x); !p.Ended {
			t.Errorf("progress %+v", p)
		}
	}
	third := r.dial()
	if len(third.Detectors) != 2 || third.Detectors[1].Name != "other" {
		t.Errorf("hello lists %+v", third.Detectors)
	}
	third.send(wire.Open{Request: 4, Detector: "other"})
	if m := next[wire.Detector](third); m.Request != 4 {
		t.Errorf("first message after Hello is %+v: ended work was told again", m)
	}
}

func TestAFailingModelIsTheServersFault(t *testing.T) {
	sc := &brightness{fail: errors.New("out of memory at 0xdeadbeef")}
	r := newRig(t, Config{}, sc)
	d, det := r.open()
	d.send(cropOf(det, 1, grey(0)))
	if text := d.wantError(1, wire.CodeInternal); strings.Contains(text, "0xdeadbeef") {
		t.Errorf("the client was told the server's inside: %q", text)
	}
	sc.mu.Lock()
	sc.fail = nil
	sc.mu.Unlock()
	d.send(cropOf(det, 2, grey(0)))
	next[wire.Scores](d)
}

func TestDrainAnswersThenSaysGoodbye(t *testing.T) {
	sc := &brightness{gate: make(chan struct{}), begun: make(chan struct{}, 10)}
	r := newRig(t, Config{}, sc)
	d, det := r.open()
	idle := r.dial()
	for i := range uint32(3) {
		d.send(cropOf(det, i+1, grey(0)))
	}
	<-sc.begun
	eventually(t, "two crops wait", func() bool { return r.queue.len() == 2 })
	stopped := make(chan error)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- r.Stop(ctx)
	}()
	idle.wantClose(websocket.CloseGoingAway)
	close(sc.gate)
	for i := range uint32(3) {
		if s := next[wire.Scores](d); s.Request != i+1 {
			t.Errorf("answer to %d, want %d", s.Request, i+1)
		}
	}
	d.wantClose(websocket.CloseGoingAway)
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	if resp := r.get("/readyz", nil); resp.StatusCode != 503 {
		t.Errorf("readyz answers %d while stopping", resp.StatusCode)
	}
	if _, _, err := websocket.DefaultDialer.Dial("ws"+r.http.URL[4:]+"/api/v1/stream", nil); err == nil {
		t.Error("a stopped server took a session")
	}
}

func TestAStuckRunIsCutOffWhenPatienceEnds(t *testing.T) {
	sc := &brightness{gate: make(chan struct{}), begun: make(chan struct{}, 10)}
	s, err := New(Config{Decode: decodePicture, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	sc.input = fakeInput
	det := fakeDetector("fake", sc)
	closed := false
	det.Close = func() { closed = true }
	if err := s.Install(det); err != nil {
		t.Fatal(err)
	}
	live, release, _ := s.detectors.use("fake")
	answered := make(chan outcome, 1)
	err = s.submit(&task{ctx: t.Context(), det: live, owner: "x", pixels: grey(0), answer: func(o outcome) {
		release()
		answered <- o
	}})
	if err != nil {
		t.Fatal(err)
	}
	<-sc.begun
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := s.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("stop: %v", err)
	}
	if o := <-answered; !errors.Is(o.err, context.Canceled) {
		t.Errorf("the run ended with %v", o.err)
	}
	if !closed {
		t.Error("the detector was not closed")
	}
}

// TestCropsOfAllSessionsShareARun checks that a batch takes from every session and gives each its own scores back.
func TestCropsOfAllSessionsShareARun(t *testing.T) {
	sc := &brightness{gate: make(chan struct{}), begun: make(chan struct{}, 100), input: fakeInput}
	r := newRig(t, Config{}, sc)
	det := fakeDetector("fake", sc)
	det.Batch = 3
	if err := r.Install(det); err != nil {
		t.Fatal(err)
	}
	first, desc := r.open()
	first.send(cropOf(desc, 1, grey(1)))
	<-sc.begun
	clients := []*dialer{first}
	for range 2 {
		d, _ := r.open()
		clients = append(clients, d)
	}
	for i, d := range clients {
		d.send(cropOf(desc, 2, grey(byte(10*(i+1)))))
		d.send(cropOf(desc, 3, grey(byte(10*(i+1)+1))))
	}
	eventually(t, "six crops wait", func() bool { return r.queue.len() == 6 })
	close(sc.gate)
	if s := next[wire.Scores](first); s.Request != 1 {
		t.Errorf("first answer is to %d", s.Request)
	}
	for i, d := range clients {
		for k := range uint32(2) {
			if s := next[wire.Scores](d); s.Request != 2+k || s.Image != float32(10*(i+1)+int(k))/100 {
				t.Errorf("client %d: answer to %d, score %v", i, s.Request, s.Image)
			}
		}
	}
	if !slices.Equal(sc.calls, []int{1, 3, 3}) {
		t.Errorf("runs of %v crops, want 1, 3, 3", sc.calls)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	r := newRig(t, Config{Sessions: 2}, nil)
	one := r.dial()
	r.dial()
	_, resp, err := websocket.DefaultDialer.Dial("ws"+r.http.URL[4:]+"/api/v1/stream", nil)
	if err == nil || resp == nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("third session: %v %v", resp, err)
	}
	_ = one.conn.Close()
	eventually(t, "a session ended", func() bool { return r.sessionCount() == 1 })
	r.dial()
}

func TestTilesCarryTheirOrigin(t *testing.T) {
	sc := &brightness{}
	r := newRig(t, Config{}, sc)
	tiled := fakeDetector("tiled", sc)
	tiled.Tile = prep.Tile{Ref: 256, Overlap: 16}
	if err := r.Install(tiled); err != nil {
		t.Fatal(err)
	}
	d := r.dial()
	d.send(wire.Open{Request: 1, Detector: "tiled"})
	det := next[wire.Detector](d)
	if det.TileRef != 256 || det.TileOverlap != 16 {
		t.Errorf("detector %+v", det)
	}
	crop := cropOf(det, 2, grey(100))
	crop.Index, crop.Count, crop.Row, crop.Col = 3, 20, 4, 12
	d.send(crop)
	s := next[wire.Scores](d)
	if s.Row != 4 || s.Col != 12 || s.Index != 3 || s.Count != 20 {
		t.Errorf("scores %+v", s)
	}
	if c := sc.seen[len(sc.seen)-1]; c.Row != 4 || c.Col != 12 {
		t.Errorf("the model was given origin %+v", c)
	}
}

// colours of a picture for uploads
func flat(v uint8, w, h int) image.Image {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = color.Gray{Y: v}.Y
	}
	return m
}
