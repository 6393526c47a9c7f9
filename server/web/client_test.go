package web

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"semirest/shared/prep"
	"semirest/shared/wire"
	"semirest/wasm/client"
)

// page is a browser's page without a browser: the client's own session, told the truth by real sockets. Everything that
// touches the session runs in one goroutine, as in the Worker.
type page struct {
	t       *testing.T
	url     string
	loop    chan func()
	session *client.Session
	start   time.Time
	socket  *pageSocket // in the loop

	mu       sync.Mutex
	pictures map[uint32]pagePicture
	reports  map[uint32]client.Report
	states   []client.LinkState
	progress []wire.Progress
	notices  []wire.Message // of the watched project
}

type pagePicture struct {
	prep.Size
	rgb []byte
}

func newPage(r *rig) *page {
	p := &page{
		t: r.t, url: "ws" + strings.TrimPrefix(r.http.URL, "http") + "/api/v1/stream", loop: make(chan func(), 1000), start: time.Now(),
		pictures: make(map[uint32]pagePicture), reports: make(map[uint32]client.Report),
	}
	p.session = client.NewSession(p, p, rand.New(rand.NewPCG(1, 1)))
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case f := <-p.loop:
				f()
			case <-done:
				return
			}
		}
	}()
	p.loop <- p.session.Start
	r.t.Cleanup(func() {
		close(done)
		<-stopped
		if p.socket != nil {
			p.socket.Close()
		}
	})
	return p
}

// pageSocket is a client.Socket on a real connection.
type pageSocket struct {
	conn *websocket.Conn
	out  chan []byte
	once sync.Once
}

func (s *pageSocket) Send(head, body []byte) error {
	s.out <- append(append([]byte(nil), head...), body...)
	return nil
}

func (s *pageSocket) Close() { s.once.Do(func() { close(s.out); _ = s.conn.Close() }) }

// Dial implements client.Host.
func (p *page) Dial(number int) {
	go func() {
		conn, _, err := websocket.DefaultDialer.Dial(p.url, nil)
		if err != nil {
			p.loop <- func() { p.session.Closed(number, err.Error()) }
			return
		}
		s := &pageSocket{conn: conn, out: make(chan []byte, 100)}
		go func() {
			for b := range s.out {
				if conn.WriteMessage(websocket.BinaryMessage, b) != nil {
					return
				}
			}
		}()
		p.loop <- func() { p.socket = s; p.session.Opened(number, s) }
		for {
			_, b, err := conn.ReadMessage()
			if err != nil {
				p.loop <- func() { p.session.Closed(number, err.Error()) }
				return
			}
			p.loop <- func() { p.session.Received(number, b) }
		}
	}()
}

// Prepare implements client.Host.
func (p *page) Prepare(id uint32, ticket int, d wire.Detector, _ client.Travel) {
	go func() {
		p.mu.Lock()
		pic := p.pictures[id]
		p.mu.Unlock()
		plan, err := prep.NewPlan(pic.Size, prep.Size{W: d.W, H: d.H}, prep.Tile{Ref: d.TileRef, Overlap: d.TileOverlap})
		if err != nil {
			p.loop <- func() { p.session.Prepared(ticket, client.Prepared{}, err.Error()) }
			return
		}
		scaled, err := prep.Resize(pic.rgb, pic.Size, plan.Scaled)
		if err != nil {
			p.loop <- func() { p.session.Prepared(ticket, client.Prepared{}, err.Error()) }
			return
		}
		crop := func(i int) (wire.Pixels, []byte) { return wire.RawRGB, plan.Cut(nil, scaled, plan.Crops[i]) }
		p.loop <- func() { p.session.Prepared(ticket, client.Prepared{Plan: plan, Crop: crop}, "") }
	}()
}

// After implements client.Host; time runs faster than on a page, so that pauses cost the tests nothing.
func (p *page) After(d client.Millis, f func()) (stop func()) {
	t := time.AfterFunc(time.Duration(float64(d)*float64(time.Millisecond)/20), func() { p.loop <- f })
	return func() { t.Stop() }
}

// Now implements client.Host.
func (p *page) Now() client.Millis {
	return client.Millis(float64(time.Since(p.start)) * 20 / float64(time.Millisecond))
}

// Link, Detectors, Progress and Picture implement client.Listener.
func (p *page) Link(s client.Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.states) == 0 || p.states[len(p.states)-1] != s.State {
		p.states = append(p.states, s.State)
	}
}

func (p *page) Detectors([]wire.Detector, string) {}

// Training, Job, Changed and Refused implement client.Listener: the notices of a project that is watched.
func (p *page) Training(m wire.Training) { p.note(m) }
func (p *page) Job(m wire.Job)           { p.note(m) }
func (p *page) Changed(m wire.Changed)   { p.note(m) }

func (p *page) Refused(text string) { p.note(wire.Error{Text: text}) }

func (p *page) note(m wire.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notices = append(p.notices, m)
}

func (p *page) Progress(m wire.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.progress = append(p.progress, m)
}

func (p *page) Picture(r client.Report) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reports[r.ID] = r
}

// add hands the session a picture of one brightness with a spot of another.
func (p *page) add(id uint32, size prep.Size, level byte, spotX, spotY int, spot byte) {
	rgb := make([]byte, 3*size.W*size.H)
	for i := range rgb {
		rgb[i] = level
	}
	for y := spotY; y < min(spotY+size.H/3, size.H); y++ {
		for x := spotX; x < min(spotX+size.W/4, size.W); x++ {
			copy(rgb[3*(y*size.W+x):], []byte{spot, spot, spot})
		}
	}
	p.mu.Lock()
	p.pictures[id] = pagePicture{size, rgb}
	p.mu.Unlock()
	p.loop <- func() { p.session.Add(id, "") }
}

func (p *page) report(id uint32) client.Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reports[id]
}

func (p *page) waitScored(id uint32) client.Report {
	p.t.Helper()
	eventually(p.t, "the picture is scored", func() bool { return p.report(id).State >= client.Scored })
	r := p.report(id)
	if r.State != client.Scored {
		p.t.Fatalf("picture %d failed: %s", id, r.Reason)
	}
	return r
}

func TestTheClientMeetsTheServer(t *testing.T) {
	r := newRig(t, Config{}, nil)
	p := newPage(r)
	p.add(1, prep.Size{W: 256, H: 192}, 50, 64, 64, 200) // block 1, 1 of 4 x 3
	got := p.waitScored(1)
	// the antialiased resize mixes some of the surroundings into the spot's edge
	if got.Score < 1.9 || got.Score > 2 || got.Map.At(1, 1) != got.Score || got.Map.At(0, 0) > 0.52 || got.HotX != 96 || got.HotY != 96 {
		t.Errorf("report %+v", got)
	}
	if got.Detector != "fake" || got.Model != "model of fake" || got.Crops != 1 {
		t.Errorf("report %+v", got)
	}
}

func TestTheClientResendsWhatWasNotAnswered(t *testing.T) {
	sc := &brightness{gate: make(chan struct{}), begun: make(chan struct{}, 100)}
	r := newRig(t, Config{}, sc)
	p := newPage(r)
	for id := range uint32(6) {
		p.add(id+1, fakeInput, byte(20+id), 0, 0, byte(20+id))
	}
	<-sc.begun
	p.loop <- func() { _ = p.socket.conn.Close() } // the line goes down with crops under way
	eventually(t, "the server noticed", func() bool { return r.sessionCount() == 0 || len(p.links()) > 2 })
	close(sc.gate)
	for id := range uint32(6) {
		if got := p.waitScored(id + 1); got.Score != float32(20+id)/100 {
			t.Errorf("picture %d scored %v", id+1, got.Score)
		}
	}
	if states := p.links(); len(states) < 3 {
		t.Errorf("the page did not tell of the loss: %v", states)
	}
}

func (p *page) links() []client.LinkState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]client.LinkState(nil), p.states...)
}

func TestTheClientComesBackWhenTheServerIsBusy(t *testing.T) {
	sc := &brightness{}
	r := newRig(t, Config{Queue: 1}, sc)
	pages := make([]*page, 4)
	for i := range pages {
		pages[i] = newPage(r)
		for id := range uint32(8) {
			pages[i].add(id+1, fakeInput, 40, 0, 0, 40)
		}
	}
	for _, p := range pages {
		for id := range uint32(8) {
			p.waitScored(id + 1)
		}
	}
}

func TestTheClientMergesTiles(t *testing.T) {
	sc := &brightness{}
	r := newRig(t, Config{}, sc)
	tiled := fakeDetector("fake", sc)
	tiled.Tile = prep.Tile{Ref: 256, Overlap: 16}
	if err := r.Install(tiled); err != nil {
		t.Fatal(err)
	}
	p := newPage(r)
	p.add(1, prep.Size{W: 256, H: 192}, 10, 128, 64, 110)
	got := p.waitScored(1)
	if got.Map.Rows != 12 || got.Map.Cols != 16 || got.Crops < 16 {
		t.Fatalf("map of %d x %d from %d crops", got.Map.Rows, got.Map.Cols, got.Crops)
	}
	for row := range 12 {
		for col := range 16 {
			want := float32(0.1)
			if col >= 8 && col < 12 && row >= 4 && row < 8 {
				want = 1.1
			}
			if v := got.Map.At(row, col); v < want-1e-5 || v > want+1e-5 {
				t.Fatalf("block %d, %d: %v, want %v", row, col, v, want)
			}
		}
	}
}

func TestTheClientSeesASwapAndALateDetector(t *testing.T) {
	r := newRig(t, Config{}, nil)
	r.detectors.closeAll() // as at the first start of the demonstration
	p := newPage(r)
	r.Tell("fit", Progress{What: "Fitting", Done: 1, Total: 2})
	p.add(1, fakeInput, 100, 0, 0, 100)
	eventually(t, "progress is shown", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.progress) > 0
	})
	if err := r.Install(fakeDetector("fake", r.scorer)); err != nil {
		t.Fatal(err)
	}
	if got := p.waitScored(1); got.Score != 1 {
		t.Errorf("scored %v", got.Score)
	}
	swapped := fakeDetector("fake", &brightness{input: fakeInput})
	swapped.Model, swapped.Threshold = "another", 50
	if err := r.Install(swapped); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the picture is scored by the new model", func() bool {
		got := p.report(1)
		return got.State == client.Scored && got.Model == "another" && got.Score == 2
	})
}

func TestTheClientSurvivesAServersStop(t *testing.T) {
	sc := &brightness{gate: make(chan struct{}), begun: make(chan struct{}, 10)}
	r := newRig(t, Config{}, sc)
	p := newPage(r)
	p.add(1, fakeInput, 100, 0, 0, 100)
	<-sc.begun
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop(t.Context()) }()
	eventually(t, "the server drains", func() bool { return r.stopping.Load() })
	close(sc.gate)
	if got := p.waitScored(1); got.Score != 1 {
		t.Errorf("scored %v", got.Score)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	eventually(t, "the page tells that the line is down", func() bool {
		s := p.links()
		return s[len(s)-1] == client.LinkLost || s[len(s)-1] == client.LinkDialing
	})
}
