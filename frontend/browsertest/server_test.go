package browsertest

import (
	"context"
	"log/slog"
	"math"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"semirest/frontend"
	"semirest/server/demo"
	"semirest/server/picture"
	"semirest/server/web"
	"semirest/shared/block"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// contrast is a scorer whose block score is how far the block's mean lies from
// the crop's median block: a bright or dark spot on an even ground is a defect.
// It keeps the pixels it was given, so that tests can look at them.
type contrast struct {
	input prep.Size
	block int

	mu    sync.Mutex
	crops [][]byte
	gate  chan struct{} // where not nil, every run waits for a token
	blue  bool          // crops that are bluer than ground's are unlike what it learnt
}

func (c *contrast) Score(ctx context.Context, pixels []byte, origins []block.Cell) ([]block.Scores, error) {
	n := len(origins)
	c.mu.Lock()
	gate := c.gate
	size := 3 * c.input.W * c.input.H
	for i := range n {
		c.crops = append(c.crops, slices.Clone(pixels[i*size:(i+1)*size]))
	}
	c.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	var out []block.Scores
	for i := range n {
		s := c.score(pixels[i*size : (i+1)*size])
		if at := pixels[i*size:]; c.blue {
			s.Unlike = 0.4 + float32(max(int(at[2])-int(at[0]), 0))/100
		}
		out = append(out, s)
	}
	return out, nil
}

func (c *contrast) score(rgb []byte) block.Scores {
	s := block.NewScores(block.For(c.input.W, c.input.H, c.block))
	for r := range s.Rows {
		for col := range s.Cols {
			sum := 0
			for y := r * c.block; y < (r+1)*c.block; y++ {
				at := 3 * (y*c.input.W + col*c.block)
				for _, v := range rgb[at : at+3*c.block] {
					sum += int(v)
				}
			}
			s.Values[s.Index(r, col)] = float32(sum) / float32(3*c.block*c.block)
		}
	}
	sorted := slices.Sorted(slices.Values(s.Values))
	median := sorted[len(sorted)/2]
	for i, v := range s.Values {
		s.Values[i] = float32(math.Abs(float64(v-median))) + 5
	}
	return s
}

// threshold is the raw score of contrast that counts as 1.
const threshold = 40

// last is the crop scored last.
func (c *contrast) last() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.crops) == 0 {
		return nil
	}
	return c.crops[len(c.crops)-1]
}

func (c *contrast) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.crops)
}

// hold makes runs wait; each token lets one go. nil lets all go.
func (c *contrast) hold(gate chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gate = gate
}

// rig is a server that can be cut off and started again at its address.
type rig struct {
	t       *testing.T
	url     string
	addr    string
	page    *contrast // the detector "even"
	tiles   *contrast // the detector "tiled"
	gallery bool
	server  *web.Server
	stop    func()
	conns   *conns
}

// conns is a listener that can cut its connections.
type conns struct {
	net.Listener
	mu   sync.Mutex
	open []net.Conn
}

func (l *conns) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.mu.Lock()
		l.open = append(l.open, c)
		l.mu.Unlock()
	}
	return c, err
}

// cut breaks every connection off, as a pulled cable does.
func (l *conns) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.open {
		_ = c.Close()
	}
	l.open = nil
}

func newRig(t *testing.T) *rig { return startRig(t, false) }

func startRig(t *testing.T, gallery bool) *rig {
	r := &rig{t: t, addr: "127.0.0.1:0", gallery: gallery,
		page:  &contrast{input: prep.Size{W: 256, H: 256}, block: 8},
		tiles: &contrast{input: prep.Size{W: 256, H: 256}, block: 8},
	}
	r.start()
	t.Cleanup(func() { r.stop() })
	return r
}

// newDemoRig serves the demo's pictures and, in place of the real detectors,
// contrast under their names.
func newDemoRig(t *testing.T) *rig {
	return startRig(t, true)
}

func (r *rig) start() {
	r.t.Helper()
	config := web.Config{
		Version: "test", Page: frontend.Handler(), Decode: decode, Patience: time.Second,
		Log: slog.New(slog.NewTextHandler(r.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if r.gallery {
		config.Gallery = gallery{demo.NewGallery()}
	}
	server, err := web.New(config)
	if err != nil {
		r.t.Fatal(err)
	}
	r.server = server
	if r.gallery {
		r.install("brushed-metal", "model-3", r.page, prep.Tile{})
		r.install("woven-cloth", "model-4", r.page, prep.Tile{})
	} else {
		r.install("even", "model-1", r.page, prep.Tile{})
		r.install("tiled", "model-2", r.tiles, prep.Tile{Ref: 1024, Overlap: 64})
	}
	listener, err := net.Listen("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.conns = &conns{Listener: listener}
	r.addr = listener.Addr().String()
	r.url = "http://" + r.addr
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(ctx, r.conns); err != nil {
			r.t.Log(err)
		}
	}()
	r.stop = func() { cancel(); <-done; _ = r.conns.Close() }
}

func (r *rig) install(name, model string, s *contrast, tile prep.Tile) {
	r.t.Helper()
	err := r.server.Install(web.Detector{Name: name, Model: model, Preset: "lite", Supervision: "none", Created: time.Unix(1700000000, 0),
		Input: s.input, Tile: tile, Block: s.block, Kind: wire.Distance, Threshold: threshold, FalseAlarms: 0.01, Scorer: s})
	if err != nil {
		r.t.Fatal(err)
	}
}

func decode(data []byte, l prep.Limits, depth prep.Depth) (prep.Size, []byte, error) {
	im, err := picture.DecodeDepth(data, l, depth)
	if err != nil {
		return prep.Size{}, nil, err
	}
	return im.Size, im.Pix, nil
}

// gallery makes demo.Gallery a web.Gallery, as package main does.
type gallery struct{ *demo.Gallery }

func (g gallery) Pictures() []web.Sample {
	var list []web.Sample
	for _, e := range g.Entries() {
		list = append(list, web.Sample{Name: e.Name, Title: e.Title, Detector: e.Surface, Kind: e.Kind, Size: prep.Size{W: demo.Side, H: demo.Side}})
	}
	return list
}

func (g gallery) File(name string, view web.View) ([]byte, bool) {
	switch view {
	case web.ViewMask:
		return g.Mask(name)
	case web.ViewThumbnail:
		return g.Thumb(name)
	}
	return g.Image(name)
}
