package browsertest

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"semirest/frontend"
)

func evaluateOnNewDocument(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	})
}

// downloads makes the tab save files to a folder.
func (b *tab) downloads() string {
	b.t.Helper()
	dir := b.t.TempDir()
	id := chromedp.FromContext(b.ctx).BrowserContextID
	_, err := chromedp.CallBrowser(b.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: id, DownloadPath: dir})
	if err != nil {
		b.t.Fatal(err)
	}
	return dir
}

// saved waits for a file and returns what is in it.
func saved(t *testing.T, dir, name string) []byte {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err == nil && len(data) > 0 {
			return data
		}
	}
	t.Fatalf("%s was not saved", name)
	return nil
}

func TestSaves(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	out := b.downloads()
	m := ground(500, 400, 1)
	spot(m, image.Rect(300, 100, 360, 160), 240)
	dir := t.TempDir()
	b.drop(write(t, dir, "=1+1.png", encodePNG(t, m)), write(t, dir, "bad.png", []byte("text")))
	b.settled(2)
	b.selectPicture("=1+1.png")
	b.wait(`document.querySelector('.pane img')`)
	eval[bool](b, `(window.requestAnimationFrame = (f) => setTimeout(f, 1000), true)`) // who saves may be quicker than the frames
	b.selectPicture("bad.png")
	b.selectPicture("=1+1.png")
	b.wait(`document.querySelector('.pane img')`)
	b.press("s")
	im, err := png.Decode(bytes.NewReader(saved(t, out, "=1+1-heat.png")))
	if err != nil {
		t.Fatal(err)
	}
	if im.Bounds().Dx() != 500 || im.Bounds().Dy() != 400 {
		t.Errorf("the overlay is %v", im.Bounds())
	}
	if red, _, blue, _ := im.At(330, 130).RGBA(); red <= blue {
		t.Error("the overlay has no heat where the defect is")
	}
	if r, g, b, _ := im.At(30, 350).RGBA(); r>>8 > 200 && g>>8 > 200 && b>>8 > 200 {
		t.Error("the overlay has no picture under its heat")
	}
	b.click("#save-csv")
	text := string(saved(t, out, "semirest-results.csv"))
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%v: %q", err, text)
	}
	if rows[1][0] != "'=1+1.png" || rows[1][1] != "defect" || rows[1][4] != "even" || rows[2][1] != "error" {
		t.Errorf("rows %q", rows)
	}
}

func permit(b *tab, setting browser.PermissionSetting) {
	b.t.Helper()
	_, err := chromedp.CallBrowser(b.ctx, browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: "camera"}, Setting: setting,
		BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID})
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestCamera(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	permit(b, browser.PermissionSettingDenied)
	b.press("k")
	b.wait(`!document.getElementById('camera-text').hidden`)
	if s := b.text("camera-text"); !strings.Contains(s, "The camera was refused. Allow it") {
		t.Errorf("the page says %q", s)
	}
	b.shot("camera-refused")
	b.press("\x1b")
	b.wait(`!document.getElementById('camera-sheet').open`)
	permit(b, browser.PermissionSettingGranted)
	b.click("#add-camera")
	b.wait(`!document.getElementById('camera-shot').disabled`)
	b.shot("camera")
	b.click("#camera-shot")
	b.settled(1)
	if l := b.labels()[0]; !strings.HasPrefix(l, "camera 1.png, ") || strings.Contains(l, "error") {
		t.Errorf("%q", l)
	}
	b.press("\x1b")
	b.wait(`document.getElementById('camera-view').srcObject === null`)
}

// The demo's pictures: labelled synthetic, scored by their own detector.
func TestDemoPictures(t *testing.T) {
	r := newDemoRig(t)
	b := newTab(t)
	b.open(r.url)
	b.wait(`document.querySelectorAll('#demo-list img').length > 8 && [...document.querySelectorAll('#demo-list img')].slice(0, 8).every(i => i.complete && i.naturalWidth)`)
	if s := b.text("demo"); !strings.Contains(s, "Synthetic") {
		t.Errorf("the gallery does not say that it is synthetic: %q", s)
	}
	b.shot("demo")
	b.click("#demo-tabs button:last-child")
	b.click("#demo-list li:last-child button")
	b.settled(1)
	if l := b.labels()[0]; !strings.HasSuffix(l, ", synthetic") {
		t.Errorf("%q", l)
	}
	b.wait(`document.getElementById('facts').textContent.includes('woven-cloth')`)
	// A demo picture of the other surface does not disturb this one.
	b.press("d")
	b.wait(`document.getElementById('demo-sheet').open`)
	b.click("#demo-tabs button:first-child")
	b.click("#demo-list li:nth-child(6) button")
	b.settled(2)
	b.wait(`document.getElementById('facts').textContent.includes('brushed-metal')`)
	b.selectPicture("synthetic-woven-cloth")
	b.wait(`document.getElementById('facts').textContent.includes('woven-cloth')`)
}

// Crops travel as JPEG where the user says so, and the result says so too.
func TestLossyCrops(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	b.click("#fold-facts summary")
	b.click("#lossy")
	file := encodePNG(t, asymmetric(400, 300))
	b.drop(write(t, t.TempDir(), "a.png", file))
	b.settled(1)
	got, want := r.page.last(), serverCrop(t, file, r.page.input)
	if d := meanDifference(got, want); d == 0 || d > 25 {
		t.Errorf("mean difference of the JPEG crop is %v", d)
	}
	b.wait(`document.getElementById('facts').textContent.includes('sent as JPEG')`)
}

// Nothing comes from elsewhere, nothing inline runs, and the client is served
// compressed and small enough.
func TestNothingFromElsewhere(t *testing.T) {
	r := newDemoRig(t)
	b := newTab(t)
	if _, err := chromedp.Call(b.ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.ctx)
	requests := chromedp.Events(ctx, network.RequestWillBeSent)
	urls := make(chan []string)
	go func() {
		var all []string
		for e, err := range requests {
			if err != nil {
				break
			}
			all = append(all, e.Request.URL)
		}
		urls <- all
	}()
	b.open(r.url)
	b.wait(`document.querySelectorAll('#demo-list button').length > 0`)
	b.click("#demo-list li:first-child button")
	b.settled(1)
	stop()
	list := <-urls
	if len(list) < 6 {
		t.Errorf("only %d requests were seen", len(list))
	}
	for _, u := range list {
		if !strings.HasPrefix(u, r.url+"/") && !strings.HasPrefix(u, "blob:"+r.url) {
			t.Errorf("the page asked for %s", u)
		}
	}
	b.expect("Content Security Policy")
	if eval[bool](b, `(() => { const s = document.createElement('script'); s.textContent = 'window.inlineRan = true'; document.head.append(s); return !!window.inlineRan; })()`) {
		t.Error("an inline script ran")
	}
	for _, path := range []string{"/", strings.TrimPrefix(eval[string](b, `document.getElementById('wasm').href`), r.url)} {
		request, _ := http.NewRequest(http.MethodGet, r.url+path, nil)
		request.Header.Set("Accept-Encoding", "br")
		answer, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if got := answer.Header.Get("Content-Security-Policy"); got != frontend.SecurityPolicy {
			t.Errorf("%s: policy %q", path, got)
		}
		if answer.Header.Get("Content-Encoding") != "br" {
			t.Errorf("%s is not served in brotli", path)
		}
		if strings.HasSuffix(path, ".wasm") && (answer.ContentLength <= 0 || answer.ContentLength > 640*1024) {
			t.Errorf("the wasm is %d bytes in brotli, over the budget of 640 KB", answer.ContentLength)
		}
	}
}

// Every control has a name and can be reached by the Tab key.
func TestControlsAreNamed(t *testing.T) {
	_, b := ready(t, 2)
	for _, open := range []string{"", "?"} {
		if open != "" {
			b.press(open)
		}
		tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		if err != nil {
			t.Fatal(err)
		}
		controls := 0
		for _, n := range tree.Nodes {
			if n.Ignored || n.Role == nil {
				continue
			}
			role := strings.Trim(string(n.Role.Value), `"`)
			switch role {
			case "button", "combobox", "slider", "checkbox", "link", "textbox", "dialog", "progressbar", "img", "image":
			default:
				continue
			}
			controls++
			if n.Name == nil || strings.Trim(string(n.Name.Value), `" `) == "" {
				t.Errorf("a %s has no name: %s", role, fmt.Sprint(n.Properties))
			}
		}
		if controls < 3 { // the dialog's, where it covers the page
			t.Errorf("only %d controls were seen", controls)
		}
	}
	b.press("\x1b")
	reached := eval[[]string](b, `[...document.querySelectorAll('button, select, input')]
		.filter(e => e.checkVisibility() && !e.disabled && e.tabIndex < 0 && !e.classList.contains('away')).map(e => e.outerHTML)`)
	if len(reached) > 0 {
		t.Errorf("the keyboard does not reach %q", reached)
	}
}
