package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"semirest/frontend"
)

// chrome is the one Chromium of this test run; every test has a context of
// its own in it, with storage of its own.
var chrome struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chrome.stop != nil {
		chrome.stop()
	}
	if kept != "" {
		_ = os.RemoveAll(kept)
	}
	os.Exit(code)
}

func chromium() (string, error) {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium found: install it, or name it by CHROMIUM=/path")
}

func startBrowser() {
	path, err := chromium()
	if err != nil {
		chrome.err = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		// A camera that needs no hardware; whether a page may use it is decided test by test.
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.WindowSize(1440, 900),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's sandbox refuses to run as root
	}
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(alloc)
	chrome.ctx, chrome.stop = ctx, func() { stop(); stopAlloc() }
	chrome.err = chromedp.Do(ctx)
}

// tab is one page under test.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	console  []string // errors and warnings that the page logged
	expected []string // parts of messages that belong to the test
}

// newTab opens an empty page in a storage of its own. The test fails when the
// page logs an error that was not expected.
func newTab(t *testing.T) *tab {
	t.Helper()
	if !frontend.Built() {
		t.Fatal("the page is not built: run make build")
	}
	chrome.once.Do(startBrowser)
	if chrome.err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(chrome.err)
		}
		t.Skip(chrome.err)
	}
	ctx, cancel := chromedp.NewContext(chrome.ctx, chromedp.WithNewBrowserContext())
	tb := &tab{t: t, ctx: ctx}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900)); err != nil {
		t.Fatal(err)
	}
	messages := chromedp.Console(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" || m.Type == "warning" {
				tb.mu.Lock()
				tb.console = append(tb.console, m.String())
				tb.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() {
		if t.Failed() {
			tb.shot("failed-" + t.Name())
		}
		cancel()
		<-done
		tb.mu.Lock()
		defer tb.mu.Unlock()
	next:
		for _, line := range tb.console {
			for _, part := range tb.expected {
				if strings.Contains(line, part) {
					continue next
				}
			}
			t.Errorf("the page logged: %s", line)
		}
	})
	return tb
}

// expect lets the page log messages with this part.
func (b *tab) expect(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, part)
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// open loads the page and waits until it is ready for pictures.
func (b *tab) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
	b.wait(`document.documentElement.dataset.ready === "true"`)
}

// eval runs an expression, which may be a promise.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// wait waits until an expression is true.
func (b *tab) wait(expression string) {
	b.t.Helper()
	end := time.Now().Add(20 * time.Second)
	for !eval[bool](b, "!!("+expression+")") {
		if time.Now().After(end) {
			b.t.Fatalf("timed out waiting for %s\npage: %s", expression, eval[string](b, "document.body.innerText"))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// text is the text of an element by id.
func (b *tab) text(id string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf("document.getElementById(%q).textContent", id))
}

func (b *tab) click(css string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(css)))
}

// press types keys one after the other: letters, or those of package kb.
func (b *tab) press(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		b.do(chromedp.KeyEvent(k))
	}
}

func (b *tab) pressShift(key string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(key, chromedp.KeyModifiers(chromedp.ModifierShift)))
}

var _ = kb.Enter // the names of keys that press takes

// drop drops files and folders of this machine on the page, as a user's mouse
// would.
func (b *tab) drop(paths ...string) {
	b.t.Helper()
	b.dropAt(195, 420, paths...)
}

// dropAt drops files at a place of the page.
func (b *tab) dropAt(x, y float64, paths ...string) {
	b.t.Helper()
	for i, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			b.t.Fatal(err)
		}
		paths[i] = abs
	}
	data := &input.DragData{Files: paths, Items: []*input.DragDataItem{}, DragOperationsMask: 1}
	for _, kind := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		if _, err := chromedp.Call(b.ctx, input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: x, Y: y, Data: data}); err != nil {
			b.t.Fatal(err)
		}
	}
}

// scored waits until n pictures are scored and returns how many failed.
func (b *tab) settled(n int) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`document.querySelectorAll('.thumb').length === %d &&
		[...document.querySelectorAll('.thumb')].every(t => ["good", "defect", "failed"].includes(t.dataset.state))`, n))
}

// labels are the accessible names of the thumbnails, in their order.
func (b *tab) labels() []string {
	b.t.Helper()
	return eval[[]string](b, `[...document.querySelectorAll('.thumb')].map(t => t.getAttribute('aria-label'))`)
}

// selectPicture presses the thumbnail whose label begins with a name. The strip
// does not lay out what lies out of sight, so there may be no place to click.
func (b *tab) selectPicture(name string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => { const t = document.querySelector('.thumb[aria-label^=%q]'); t.click(); return true; })()`, name))
	b.wait(fmt.Sprintf(`document.querySelector('.thumb[aria-current]')?.getAttribute('aria-label').startsWith(%q)`, name))
}

func (b *tab) dark(on bool) {
	b.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	if err != nil {
		b.t.Fatal(err)
	}
}

// shot writes a screenshot where SEMIREST_SHOTS names a folder.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("SEMIREST_SHOTS")
	if dir == "" {
		return
	}
	time.Sleep(150 * time.Millisecond) // let the last frame be drawn
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, "/", "-")+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Logf("no screenshot: %v", err)
	}
}

// shotFull is shot of the whole page, beyond the viewport.
func (b *tab) shotFull(name string) {
	b.t.Helper()
	dir := os.Getenv("SEMIREST_SHOTS")
	if dir == "" {
		return
	}
	time.Sleep(150 * time.Millisecond)
	res, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: new(true)})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), res.Data, 0o644)
	}
	if err != nil {
		b.t.Logf("no screenshot: %v", err)
	}
}
