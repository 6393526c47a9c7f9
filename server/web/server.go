package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"

	"semirest/server/memory"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// Config is what a Server is made of. The zero value of every field but Decode has a meaning.
type Config struct {
	Version string       // of the program
	Page    http.Handler // answers everything outside /api, /healthz, /readyz and /metrics; nil: nothing there

	// Decode turns an uploaded picture into upright RGB, [H, W, 3]. It reads the header first and returns a
	// *prep.SizeError for a picture beyond the limits. depth is that of the detector for whom it is, or prep.OwnDepth.
	Decode func(data []byte, l prep.Limits, depth prep.Depth) (prep.Size, []byte, error)

	// Mask reads a ground-truth mask and gives its upright size and the PNG file to keep, 0 and 255; nil: no project takes
	// ground truth. Errors are for people.
	Mask func(data []byte, l prep.Limits) (size prep.Size, png []byte, err error)

	// Room takes the memory that Decode and what is made of its pixels need, with extra bytes besides, and waits for it;
	// MaskRoom does so for Mask. Errors are a *prep.SizeError or ctx's. nil: nothing is counted.
	Room     func(ctx context.Context, data []byte, l prep.Limits, extra int64) (*memory.Share, error)
	MaskRoom func(ctx context.Context, data []byte, l prep.Limits) (*memory.Share, error)

	Gallery  Gallery  // of the demonstration; nil: none
	Accounts Accounts // who may do what; nil: whoever is on this machine may everything

	Workshop *Workshop // projects; nil: none
	Line     *Line     // what a line watches; nil: none

	Ready func(ctx context.Context) error // says what keeps projects from being kept; nil: nothing does

	// Proxies are whom X-Forwarded-For is believed of; of anybody else it is anybody's to write.
	Proxies []netip.Prefix

	AllowOrigins []string      // origins besides the server's own, as https://name[:port]
	Limits       prep.Limits   // of pictures; zero: prep.DefaultLimits
	MaxFrame     int           // bytes of a websocket message; 0: wire.MaxFrame
	MaxUpload    int64         // bytes of an uploaded picture; 0: 64 MiB
	Queue        int           // crops that may wait; 0: 64
	Sessions     int           // websockets at a time, each of which may have a message of MaxFrame half read; 0: 256
	Sockets      int           // websockets of one person or address at a time; 0: 32
	Runners      int           // runs at a time; 0: 1
	Patience     time.Duration // for open work when stopping; 0: 10 s

	Log *slog.Logger // nil: slog.Default()
}

// How many do at a time what takes long, and how many of those one owner. Uploads and imports beyond are refused, and
// come again; whoever wants a picture decoded waits for his turn.
const (
	maxUploads, uploadsEach   = 16, 8
	maxImports, importsEach   = 4, 2
	maxDecoding, decodingEach = 2, 2
)

// Server serves detectors. Its methods may be called from any goroutine.
type Server struct {
	config    Config
	log       *slog.Logger
	guard     guard
	upgrader  websocket.Upgrader
	detectors *registry
	queue     *queue
	buffers   buffers
	meter     *meter
	uploads   *turns // uploads under way
	imports   *turns // imports under way: each holds its bytes on the disk
	decoding  *turns // pictures that are decoded, and shrunk, and encoded
	thumbs    thumbs
	swapping  sync.Mutex // so that sessions are told of detectors in the order they came
	echo      *echo.Echo
	routed    map[string]bool // "METHOD path" of every route

	runners  sync.WaitGroup
	ctx      context.Context //nolint:containedctx // of runs and sessions, for which no call waits; ends when the server's patience does
	abort    context.CancelFunc
	stopping atomic.Bool

	mu       sync.Mutex
	last     uint64 // number of the newest session
	sessions map[*session]struct{}
	gone     sync.WaitGroup // sessions that have not ended
	progress map[string]Progress
}

// New makes a server and starts its runners. The error names the setting that is wrong. Whoever calls New calls Serve
// or Stop.
func New(c Config) (*Server, error) {
	if c.Decode == nil {
		return nil, errors.New("web: no decoder of pictures")
	}
	if c.Limits == (prep.Limits{}) {
		c.Limits = prep.DefaultLimits
	}
	if c.MaxFrame == 0 {
		c.MaxFrame = wire.MaxFrame
	}
	if c.MaxFrame < 1<<16 || c.MaxFrame > wire.MaxFrame {
		return nil, fmt.Errorf("web: messages of %d bytes; between %d and %d are possible", c.MaxFrame, 1<<16, wire.MaxFrame)
	}
	c.MaxUpload = cmp.Or(c.MaxUpload, 64<<20)
	c.Queue, c.Runners = cmp.Or(c.Queue, 64), cmp.Or(c.Runners, 1)
	c.Sessions, c.Sockets = cmp.Or(c.Sessions, 256), cmp.Or(c.Sockets, 32)
	c.Patience = cmp.Or(c.Patience, 10*time.Second)
	if c.MaxUpload < 0 || c.Queue < 1 || c.Runners < 1 || c.Sessions < 1 || c.Sockets < 1 {
		return nil, fmt.Errorf("web: queue %d, runners %d, sessions %d, sockets %d, upload %d: all must be above 0",
			c.Queue, c.Runners, c.Sessions, c.Sockets, c.MaxUpload)
	}
	g, err := newGuard(c.AllowOrigins)
	if err != nil {
		return nil, err
	}
	s := &Server{
		config: c, log: c.Log, guard: g,
		detectors: newRegistry(time.Now()),
		queue:     newQueue(c.Queue),
		uploads:   newTurns(maxUploads, uploadsEach),
		imports:   newTurns(maxImports, importsEach),
		decoding:  newTurns(maxDecoding, decodingEach),
		sessions:  make(map[*session]struct{}),
		progress:  make(map[string]Progress),
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.meter = newMeter(s.queue.len, s.sessionCount)
	s.upgrader = websocket.Upgrader{
		HandshakeTimeout: 10 * time.Second,
		ReadBufferSize:   16 << 10, WriteBufferSize: 16 << 10, WriteBufferPool: &sync.Pool{},
		// Checked before the upgrade, with the same rule as every other request.
		CheckOrigin: func(*http.Request) bool { return true },
		// Pixels do not shrink and the attempt costs four times the transport (BROWSER.md measured it).
		EnableCompression: false,
		Error:             func(w http.ResponseWriter, r *http.Request, status int, reason error) {},
	}
	s.ctx, s.abort = context.WithCancel(context.Background())
	for range c.Runners {
		s.runners.Go(func() { s.run(s.ctx) })
	}
	s.echo = s.routes()
	if err := checkAccess(s.echo.Routes()); err != nil {
		s.queue.close()
		s.abort()
		return nil, err
	}
	s.routed = make(map[string]bool)
	for _, r := range s.echo.Routes() {
		s.routed[r.Method+" "+r.Path] = true
	}
	return s, nil
}

// Install serves a detector, in place of the one that has its name. Open sessions are told; crops already in the queue
// are still scored by the old one, which is closed after the last of them.
func (s *Server) Install(d Detector) error {
	if err := d.check(); err != nil {
		return err
	}
	s.swapping.Lock()
	defer s.swapping.Unlock()
	live := s.detectors.install(d)
	if live == nil {
		return fmt.Errorf("web: no room for detector %s: %d are served already", d.Name, wire.MaxDetectors)
	}
	s.log.Info("detector installed", "name", d.Name, "model", d.Model, "input", d.Input.String(), "generation", live.generation)
	s.announce(live)
	return nil
}

// Remove stops serving a detector. Crops in the queue are still scored; who has it open is told at the next one.
func (s *Server) Remove(name string) {
	if s.detectors.remove(name) {
		s.log.Info("detector removed", "name", name)
	}
}

// hello is what a new session is told first.
func (s *Server) hello(ctx context.Context, w caller) wire.Hello {
	h := wire.Hello{
		Lowest: wire.Version, Highest: wire.Version, Window: wire.Window, MaxFrame: s.config.MaxFrame,
		MaxSide: s.config.Limits.MaxSide, MaxPixels: s.config.Limits.MaxPixels, Server: "semirest " + s.config.Version,
	}
	for _, d := range s.visibleDetectors(ctx, w) {
		h.Detectors = append(h.Detectors, d.message(0))
	}
	return h
}

// broadcast notifies every open session.
func (s *Server) broadcast(key string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for x := range s.sessions {
		x.out.notify(key, data)
	}
}

// openSessions are those that are open now.
func (s *Server) openSessions() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.sessions))
}

// enter registers a session; false when the server is stopping or full.
func (s *Server) enter(conn *websocket.Conn, remote string, w caller) (*session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping.Load() || len(s.sessions) >= s.config.Sessions {
		return nil, false
	}
	s.last++
	x := newSession(s, conn, s.last, remote, w)
	s.sessions[x] = struct{}{}
	s.gone.Add(1)
	return x, true
}

func (s *Server) leave(x *session) {
	s.mu.Lock()
	delete(s.sessions, x)
	s.mu.Unlock()
	s.gone.Done()
}

func (s *Server) sessionCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// Handler is the whole server as one handler.
func (s *Server) Handler() http.Handler { return s.echo }

// Serve answers on l until ctx ends, then stops. Of connections it takes a bounded number, and of one address a share. The error is nil after an orderly stop.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	h := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       2 * time.Minute, // of an upload; websockets set their own
		WriteTimeout:      3 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(newDoor(l, s.config.Proxies)) }()
	var err error
	select {
	case err = <-failed:
		err = fmt.Errorf("web: %w", err)
	case <-ctx.Done():
		s.log.Info("stopping", "patience", s.config.Patience.String())
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Patience)
	defer cancel()
	s.stopping.Store(true)
	// Requests under way end first: they may wait on the queue, which Stop closes.
	drained := make(chan error, 1)
	go func() { drained <- s.drain(patience) }()
	if e := h.Shutdown(patience); e != nil {
		_ = h.Close()
		err = cmp.Or(err, fmt.Errorf("web: requests were cut off: %w", e))
	}
	return cmp.Or(err, <-drained, s.Stop(patience))
}

// Stop ends the server: sessions answer what they took in and close with 1001, the queue empties, detectors are closed.
// What is not done when ctx ends is cut off, and the error says so.
func (s *Server) Stop(ctx context.Context) error {
	s.stopping.Store(true)
	drained := s.drain(ctx)
	s.queue.close()
	idle := make(chan struct{})
	go func() {
		s.runners.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
		s.abort()
		<-idle
		drained = cmp.Or(drained, fmt.Errorf("web: runs were cut off: %w", ctx.Err()))
	}
	s.abort()
	s.detectors.closeAll()
	return drained
}

// drain makes every session finish and waits for them; when ctx ends it cuts them off.
func (s *Server) drain(ctx context.Context) error {
	open := s.openSessions()
	for _, x := range open {
		x.drain()
	}
	gone := make(chan struct{})
	go func() {
		s.gone.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		s.abort()
		<-gone
		return fmt.Errorf("web: %d sessions were cut off: %w", len(open), ctx.Err())
	}
}
