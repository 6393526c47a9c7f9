package browsertest

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"image"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"semirest/server/web"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

func lot(t *testing.T, n int) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i := range n {
		m := ground(300, 200, uint64(i))
		spot(m, image.Rect(40, 40, 90, 90), uint8(150+i*10))
		paths = append(paths, write(t, dir, fmt.Sprintf("part %02d.png", i+1), encodePNG(t, m)))
	}
	return paths
}

// A lost connection is said plainly, and what was not answered is sent again.
func TestConnectionLostAndBack(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.expect("WebSocket connection to")
	b.expect("net::ERR_CONNECTION_REFUSED")
	b.open(r.url)
	b.wait(`document.getElementById('link').dataset.state === 'open'`)
	gate := make(chan struct{})
	r.page.hold(gate)
	b.drop(lot(t, 7)...)
	b.wait(`document.querySelectorAll('.thumb[data-state=scoring]').length >= 4`)
	for range 2 {
		gate <- struct{}{}
	}
	b.wait(`document.querySelectorAll('.thumb[data-state=defect], .thumb[data-state=good]').length === 2`)
	r.conns.cut() // as a pulled cable does
	r.stop()
	b.wait(`!document.getElementById('banner').hidden`)
	banner := b.text("banner")
	for _, part := range []string{"5 pictures wait; nothing is lost", "Trying again in"} {
		if !strings.Contains(banner, part) {
			t.Errorf("the banner says %q, not %q", banner, part)
		}
	}
	if s := b.text("link"); !strings.Contains(s, "No connection") {
		t.Errorf("the header says %q", s)
	}
	b.shot("lost")
	before := r.page.count()
	r.page.hold(nil)
	r.start()
	b.click("#banner button")
	b.settled(7)
	b.wait(`document.getElementById('banner').hidden && document.getElementById('link').dataset.state === 'open'`)
	if n := r.page.count() - before; n != 5 {
		t.Errorf("%d crops after the loss, want the 5 that had no answer", n)
	}
	if l := b.labels(); slices.ContainsFunc(l, func(s string) bool { return strings.Contains(s, "error") }) {
		t.Errorf("%q", l)
	}
}

// Without a click the page comes back by itself.
func TestReconnectsByItself(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.expect("WebSocket connection to")
	b.expect("net::ERR_CONNECTION_REFUSED")
	b.open(r.url)
	b.wait(`document.getElementById('link').dataset.state === 'open'`)
	r.stop()
	b.wait(`document.getElementById('link').dataset.state === 'lost'`)
	r.start()
	b.wait(`document.getElementById('link').dataset.state === 'open'`)
	b.drop(lot(t, 1)...)
	b.settled(1)
}

// A page that was open while the server was updated says that it must be loaded
// again, and its button does so.
func TestPageOpenAcrossAnUpdateSaysReload(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.expect("WebSocket connection to")
	b.expect("net::ERR_CONNECTION_REFUSED")
	b.open(r.url)
	b.wait(`document.getElementById('link').dataset.state === 'open'`)
	r.stop()
	loaded := make(chan struct{}, 1)
	updated := httptest.NewUnstartedServer(nextVersion(loaded))
	updated.Listener.Close()
	l, err := net.Listen("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	updated.Listener = l
	updated.Start()
	defer updated.Close()
	b.wait(`document.getElementById('link').dataset.state === 'refused'`)
	if banner := b.text("banner"); !strings.Contains(banner, "The server was updated. Reload this page to go on.") {
		t.Errorf("the banner says %q", banner)
	}
	b.shot("updated")
	b.click("#banner button")
	select {
	case <-loaded:
	case <-time.After(20 * time.Second):
		t.Error("the button did not load the page again")
	}
}

// nextVersion is a server of the version after this one, as far as an open page
// gets to know it: a websocket whose Hello is of another version, and another
// page.
func nextVersion(loaded chan<- struct{}) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		loaded <- struct{}{}
		fmt.Fprint(w, "<!doctype html><title>the next version</title>")
	})
	mux.HandleFunc("GET /api/v1/stream", func(w http.ResponseWriter, r *http.Request) {
		hello := wire.Hello{Lowest: wire.Version + 1, Highest: wire.Version + 1, Window: wire.Window, MaxFrame: wire.MaxFrame}.Append(nil)
		hello[0] = wire.Version + 1
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		accept := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455, 4.2.2
		fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
			base64.StdEncoding.EncodeToString(accept[:]))
		_, _ = conn.Write(append([]byte{0x82, byte(len(hello))}, hello...)) // one binary frame, below 126 bytes
		_, _ = io.Copy(io.Discard, conn)                                    // until the page hangs up
	})
	return mux
}

// Tiles of a large picture appear as they are scored.
func TestTilesAppear(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	chooseDetector(b, "tiled")
	gate := make(chan struct{})
	r.tiles.hold(gate)
	m := ground(2000, 1400, 3)
	defect := image.Rect(100, 80, 180, 160)
	spot(m, defect, 245)
	b.drop(write(t, t.TempDir(), "large.png", encodePNG(t, m)))
	plan, err := prep.NewPlan(prep.Size{W: 2000, H: 1400}, r.tiles.input, prep.Tile{Ref: 1024, Overlap: 64})
	if err != nil {
		t.Fatal(err)
	}
	n := len(plan.Crops)
	gate <- struct{}{}
	gate <- struct{}{}
	b.wait(fmt.Sprintf(`document.getElementById('tiles').textContent.includes('2 of %d tiles')`, n))
	b.wait(`!document.querySelector('.heat').hidden && document.querySelector('#verdict').dataset.state === 'busy'`) // drawn in a frame of its own
	b.shot("tiles")
	close(gate)
	b.settled(1)
	if l := b.labels()[0]; !strings.Contains(l, "defect, score") {
		t.Errorf("%q", l)
	}
	if r.tiles.count() != n {
		t.Errorf("%d crops were scored, want %d", r.tiles.count(), n)
	}
}

func chooseDetector(b *tab, name string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`[...document.getElementById('detector').options].some(o => o.value === %q)`, name))
	eval[bool](b, fmt.Sprintf(`(() => { const s = document.getElementById('detector'); s.value = %q; return s.dispatchEvent(new Event('change')); })()`, name))
	b.wait(fmt.Sprintf(`document.getElementById('facts').textContent.includes(%q)`, name))
}

// Another detector, or a new model under the same name, scores what is there.
func TestDetectorsChange(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	b.drop(lot(t, 2)...)
	b.settled(2)
	chooseDetector(b, "tiled")
	b.wait(`document.getElementById('facts').textContent.includes('from 1024 px')`)
	b.settled(2)
	if r.tiles.count() == 0 {
		t.Error("the other detector scored nothing")
	}
	before := r.tiles.count()
	r.install("tiled", "model-2b", r.tiles, prep.Tile{Ref: 512, Overlap: 0})
	b.wait(`document.getElementById('facts').textContent.includes('from 512 px')`)
	b.settled(2)
	if r.tiles.count() == before {
		t.Error("the new model scored nothing")
	}
}

// While the demo's detectors are being fitted the page says how far they are;
// pictures wait.
func TestFittingIsShown(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	b.wait(`document.getElementById('link').dataset.state === 'open'`)
	r.server.Tell("job 2", web.Progress{What: "Fitting the detector for woven cloth (synthetic pictures)", Left: -1})
	p := web.Progress{What: "Fitting the detector for brushed metal (synthetic pictures)", Done: 43, Total: 100, Left: 12 * time.Second}
	r.server.Tell("job 1", p)
	b.wait(`!document.getElementById('fitting').hidden`)
	if s := b.text("fitting"); !strings.Contains(s, "brushed metal") || !strings.Contains(s, "1 more to come") || !strings.Contains(s, "43 %, about 12 s left") {
		t.Errorf("the page says %q", s)
	}
	b.shot("fitting")
	p.Ended = true
	r.server.Tell("job 1", p)
	r.server.Tell("job 2", web.Progress{What: "Fitting the detector for woven cloth (synthetic pictures)", Ended: true})
	b.wait(`document.getElementById('fitting').hidden`)
}

// A failure inside the Worker's Go, or the Worker's end, costs no picture.
func TestWorkerSurvives(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.do(evaluateOnNewDocument(`
		const Real = Worker;
		window.Worker = class extends Real { constructor(...a) { super(...a); window.theWorker = this; } };`))
	b.open(r.url)
	b.drop(lot(t, 1)...)
	b.settled(1)
	eval[bool](b, `(theWorker.postMessage({type: "add", id: {}, file: null}), true)`) // panics inside the callback
	b.wait(`document.getElementById('note').textContent.includes('It goes on')`)
	b.drop(lot(t, 2)[1])
	b.settled(2)
	b.expect("exit code")
	eval[bool](b, `(theWorker.dispatchEvent(new MessageEvent("message", {data: {type: "exit"}})), true)`)
	b.drop(lot(t, 3)[2])
	b.settled(3)
	if l := b.labels(); slices.ContainsFunc(l, func(s string) bool { return strings.Contains(s, "error") }) {
		t.Errorf("%q", l)
	}
}
