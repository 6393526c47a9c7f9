package web

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

//go:embed openapi.yaml
var openAPI []byte

// apiPolicy is the Content-Security-Policy of every answer but the page's, which brings its own: nothing that the API
// sends is to be shown as a document.
const apiPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// from finds the address that a request comes from, behind proxies or not.
func from(proxies []netip.Prefix) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		trust = append(trust, echo.TrustIPRange(&net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

// routes builds the router. openapi.yaml describes what is under /api/v1; a test holds one against the other.
func (s *Server) routes() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.answerFault
	e.IPExtractor = from(s.config.Proxies)
	e.Use(s.observe, s.protect, s.authorise)

	e.GET("/healthz", s.getHealth)
	e.GET("/readyz", s.getReady)
	e.GET("/metrics", echo.WrapHandler(s.meter.handler()))

	api := e.Group("/api/v1")
	api.GET("/openapi.yaml", func(c echo.Context) error { return c.Blob(http.StatusOK, "application/yaml", openAPI) })
	api.GET("/version", s.getVersion)
	api.GET("/limits", s.getLimits)
	api.GET("/progress", s.getProgress)
	api.GET("/detectors", s.listDetectors)
	api.GET("/detectors/:name", s.getDetector)
	api.POST("/score", s.postScore)
	api.GET("/stream", s.getStream)
	api.GET("/demo/pictures", s.listPictures)
	api.GET("/demo/pictures/:name", s.getPicture)
	api.GET("/demo/pictures/:name/mask", s.getMask)
	api.GET("/demo/pictures/:name/thumbnail", s.getThumbnail)
	s.mapPeople(api)
	s.mapProjects(api)
	s.mapLine(api)
	// Without this, a wrong address under /api would be answered by the page.
	e.Any(strayRoute, stray)
	if s.config.Page != nil {
		e.Any("/*", echo.WrapHandler(s.config.Page))
	}
	return e
}

const strayRoute = "/api/*"

// stray answers what no route of the API takes: 405 where another method would be taken, else 404.
func stray(c echo.Context) error {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := c.Echo().NewContext(c.Request(), nil)
		c.Echo().Router().Find(method, c.Request().URL.Path, other)
		if other.Path() != strayRoute {
			return echo.ErrMethodNotAllowed
		}
	}
	return echo.ErrNotFound
}

// observe logs and counts every request, and turns a panic of a handler into an answer.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		start := time.Now()
		defer func() {
			if r := recover(); r != nil {
				s.log.Error("a handler panicked", "route", c.Path(), "panic", r, "stack", string(debug.Stack()))
				err = errors.New("web: a handler panicked")
			}
			if err != nil {
				if broken, ok := errors.AsType[*brokenOff](err); ok {
					level := slog.LevelError
					if c.Request().Context().Err() != nil { // the client left
						level = slog.LevelInfo
					}
					s.log.Log(c.Request().Context(), level, "an answer was broken off", "route", c.Path(), "error", broken.error)
					panic(http.ErrAbortHandler)
				}
				c.Error(err) // writes the answer, so that its status is known below
				err = nil
			}
			route, status := c.Path(), c.Response().Status
			if route == "" {
				route = "none"
			}
			s.meter.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
			level := slog.LevelInfo
			if route == "/healthz" || route == "/readyz" || route == "/metrics" {
				level = slog.LevelDebug // asked every few seconds by machines
			}
			s.log.Log(c.Request().Context(), level, "request", "method", c.Request().Method, "path", c.Request().URL.Path,
				"status", status, "bytes", c.Response().Size, "seconds", time.Since(start).Seconds(), "remote", c.RealIP(), "user", who(c).Name)
		}()
		return next(c)
	}
}

// protect sets the headers of every answer and refuses foreign pages.
func (s *Server) protect(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, h := c.Request(), c.Response().Header()
		h.Set("Content-Security-Policy", apiPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cache-Control", "no-store")
		if !s.guard.hostAllowed(r) {
			return newFault(http.StatusForbidden, codeForbidden,
				fmt.Sprintf("this server is not known as %q; start it with --allow-origin if it should be", r.Host))
		}
		if !s.guard.originAllowed(r) {
			return newFault(http.StatusForbidden, codeForbidden,
				fmt.Sprintf("pages from %q may not use this server; start it with --allow-origin to let them", r.Header.Get("Origin")))
		}
		if !safe(r.Method) && !s.guard.fetchAllowed(r) {
			return newFault(http.StatusForbidden, codeForbidden, "another site's page sent this; only the server's own page may change anything")
		}
		return next(c)
	}
}

// getStream upgrades to a websocket and serves the session until it ends.
func (s *Server) getStream(c echo.Context) error {
	if s.stopping.Load() {
		return errStopping
	}
	if s.sessionCount() >= s.config.Sessions {
		return &fault{http.StatusServiceUnavailable, codeBusy, "the server has as many sessions as it takes; try again later", 5 * time.Second}
	}
	if err := s.roomFor(lineOf(c)); err != nil {
		return err
	}
	w := &upgradeWriter{ResponseWriter: c.Response().Writer}
	conn, err := s.upgrader.Upgrade(w, c.Request(), nil)
	if err != nil {
		return newFault(http.StatusBadRequest, codeBadRequest, "this address speaks the websocket protocol of package wire: "+err.Error())
	}
	c.Response().Status, c.Response().Committed = http.StatusSwitchingProtocols, true
	x, ok := s.enter(conn, c.RealIP(), who(c))
	if !ok {
		_ = conn.Close()
		return nil
	}
	defer s.leave(x)
	x.run(s.ctx)
	return nil
}

// upgradeWriter lets gorilla take the connection.
type upgradeWriter struct{ http.ResponseWriter }

// Hijack implements http.Hijacker.
func (w *upgradeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}
