package bench

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"semirest/server/web"
	"semirest/shared/block"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// Load is what many clients ask of a server, to measure the transport: every client sends a raw crop of the input's
// size at its rate and waits for the scores.
type Load struct {
	Clients int
	Rate    float64 // crops a second of each
	Seconds float64
	Input   prep.Size // multiples of 8
}

// LoadResult is what came of a Load. Times run from before a crop is sent to after its scores are read.
type LoadResult struct {
	Clients       int     `json:"clients"`
	Rate          float64 `json:"crops_per_second_each"`
	Seconds       float64 `json:"seconds"`
	Crops         int     `json:"crops"`
	Errors        int     `json:"errors"`
	FirstError    string  `json:"first_error,omitempty"`
	P50           float64 `json:"p50_ms"`
	P95           float64 `json:"p95_ms"`
	P99           float64 `json:"p99_ms"`
	MegabytesIn   float64 `json:"megabytes_sent"`
	MemoryBefore  float64 `json:"memory_before_mb"` // resident, clients included, once all are connected
	MemoryMiddle  float64 `json:"memory_middle_mb"` // half way
	MemoryAfter   float64 `json:"memory_after_mb"`
	MemoryHighest float64 `json:"memory_highest_mb"`
}

// instant is a detector that costs nothing.
type instant struct{ grid block.Grid }

func (d instant) Score(_ context.Context, _ []byte, origins []block.Cell) ([]block.Scores, error) {
	out := make([]block.Scores, len(origins))
	for i := range out {
		out[i] = block.NewScores(d.grid)
	}
	return out, nil
}

// Run starts a server whose detector answers at once, in this process, and lets the clients loose on it over loopback.
func (l Load) Run(ctx context.Context) (*LoadResult, error) {
	server, err := web.New(web.Config{
		Decode: func([]byte, prep.Limits, prep.Depth) (prep.Size, []byte, error) {
			return prep.Size{}, nil, errors.ErrUnsupported
		},
		Queue: max(1, wire.Window*l.Clients), Sessions: max(1, l.Clients), Sockets: max(1, l.Clients), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	err = server.Install(web.Detector{
		Name: "load", Model: "none", Input: l.Input, Block: 8, Kind: wire.Distance, Threshold: 1, Created: time.Now(),
		Scorer: instant{block.For(l.Input.W, l.Input.H, 8)},
	})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- server.Serve(serving, listener) }()
	r, err := l.run(ctx, "ws://"+listener.Addr().String()+"/api/v1/stream")
	stop()
	return r, errors.Join(err, <-served)
}

func (l Load) run(ctx context.Context, url string) (*LoadResult, error) {
	clients := make([]*loadClient, l.Clients)
	defer func() {
		for _, c := range clients {
			if c != nil {
				_ = c.conn.Close()
			}
		}
	}()
	for i := range clients {
		c, err := dialLoad(ctx, url, l.Input)
		if err != nil {
			return nil, err
		}
		clients[i] = c
	}
	r := &LoadResult{Clients: l.Clients, Rate: l.Rate, Seconds: l.Seconds, MemoryBefore: residentMB()}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(l.Seconds*float64(time.Second)))
	defer cancel()
	period := time.Duration(float64(time.Second) / l.Rate)
	var all sync.WaitGroup
	for i, c := range clients {
		// spread over a period, as people's clicks are
		first := period * time.Duration(i) / time.Duration(l.Clients)
		all.Go(func() { c.run(ctx, first, period) })
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		start := time.Now()
		for ctx.Err() == nil {
			now := residentMB()
			r.MemoryHighest = max(r.MemoryHighest, now)
			if time.Since(start).Seconds() < l.Seconds/2 {
				r.MemoryMiddle = now
			}
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	all.Wait()
	<-watched
	r.MemoryAfter = residentMB()
	var times []float64
	for _, c := range clients {
		times = append(times, c.times...)
		r.Errors += c.errors
		if r.FirstError == "" && c.err != nil {
			r.FirstError = c.err.Error()
		}
	}
	r.Crops = len(times)
	r.P50, r.P95, r.P99 = quantile(times, 0.5), quantile(times, 0.95), quantile(times, 0.99)
	r.MegabytesIn = float64(r.Crops) * float64(3*l.Input.Pixels()+wire.CropHeaderSize) / 1e6
	return r, nil
}

// loadClient is one session that sends a crop at a time.
type loadClient struct {
	conn   *websocket.Conn
	crop   wire.Crop
	frame  []byte
	times  []float64
	errors int
	err    error // the first
}

// dialLoad connects and opens the only detector.
func dialLoad(ctx context.Context, url string, input prep.Size) (*loadClient, error) {
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, url, nil)
	if err != nil {
		return nil, fmt.Errorf("connect to the server in this process: %w", err)
	}
	_ = resp.Body.Close()
	c := &loadClient{conn: conn}
	c.crop = wire.Crop{Count: 1, W: input.W, H: input.H, PictureW: input.W, PictureH: input.H,
		Source: image.Rect(0, 0, input.W, input.H), Encoding: wire.RawRGB, Pixels: make([]byte, 3*input.Pixels())}
	hello, err := receiveLoad(conn)
	if err != nil {
		return nil, err
	}
	h, ok := hello.(wire.Hello)
	if !ok || len(h.Detectors) != 1 {
		return nil, fmt.Errorf("the server greeted with %T", hello)
	}
	c.crop.Generation = h.Detectors[0].Generation
	if err := conn.WriteMessage(websocket.BinaryMessage, wire.Open{Request: 1, Detector: h.Detectors[0].Name}.Append(nil)); err != nil {
		return nil, err
	}
	_, err = receiveLoad(conn)
	return c, err
}

func receiveLoad(conn *websocket.Conn) (wire.Message, error) {
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	_, b, err := conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	return wire.Parse(b)
}

// run sends a crop every period until ctx ends.
func (c *loadClient) run(ctx context.Context, first, period time.Duration) {
	next := time.NewTimer(first)
	defer next.Stop()
	for request := uint32(2); ; request++ {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			next.Reset(period)
		}
		start := time.Now()
		if err := c.send(request); err != nil {
			c.errors++
			if c.err == nil {
				c.err = err
			}
			if _, refused := errors.AsType[wire.Error](err); !refused {
				return // the connection is gone
			}
			continue
		}
		c.times = append(c.times, milliseconds(time.Since(start)))
	}
}

// send sends one crop and waits for its scores.
func (c *loadClient) send(request uint32) error {
	c.crop.Request = request
	c.frame = c.crop.Append(c.frame[:0])
	if err := c.conn.WriteMessage(websocket.BinaryMessage, c.frame); err != nil {
		return err
	}
	m, err := receiveLoad(c.conn)
	if err != nil {
		return err
	}
	switch m := m.(type) {
	case wire.Scores:
		if m.Request != request {
			return fmt.Errorf("scores of request %d for %d", m.Request, request)
		}
		return nil
	case wire.Error:
		return m
	}
	return fmt.Errorf("the server answered a crop with %T", m)
}

// residentMB is the memory of this process in megabytes: resident where the system tells, else Go's own.
func residentMB() float64 {
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			if pages, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				return float64(pages) * float64(os.Getpagesize()) / 1e6
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys) / 1e6
}
