package browsertest

import (
	"image"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

// Screenshots of the page's states, light and dark, on a desk and on a phone,
// to be looked at. Other tests add those of states that only they reach.
func TestShots(t *testing.T) {
	if os.Getenv("SEMIREST_SHOTS") == "" {
		t.Skip("SEMIREST_SHOTS names no folder")
	}
	r := newDemoRig(t)
	dir := t.TempDir()
	m := ground(1600, 1000, 5)
	spot(m, image.Rect(900, 300, 1010, 380), 235)
	spot(m, image.Rect(300, 640, 360, 700), 190)
	files := append(lot(t, 9), write(t, dir, "front plate, lot 17, camera B, 2026-03-02.png", encodePNG(t, m)), write(t, dir, "broken.jpg", []byte("no")))
	for _, device := range []struct {
		name   string
		action chromedp.Action[chromedp.Void]
	}{
		{"desk", chromedp.EmulateViewport(1440, 900)},
		{"phone", chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2))},
		{"tablet", chromedp.EmulateViewport(900, 1100)},
	} {
		for _, scheme := range []string{"light", "dark"} {
			b := newTab(t)
			b.do(device.action)
			b.dark(scheme == "dark")
			b.open(r.url)
			name := device.name + "-" + scheme + "-"
			b.wait(`document.querySelectorAll('#demo-list img').length > 8 && document.getElementById('facts').children.length`)
			b.shot(name + "1-welcome")
			b.drop(append([]string{}, files...)...)
			b.settled(len(files))
			b.selectPicture("front plate")
			b.wait(`document.querySelector('.pane img')`)
			b.shot(name + "2-result")
			b.shotFull(name + "3-whole")
			b.press("c")
			b.shot(name + "4-compare")
			b.press("c", "c", "?")
			b.shot(name + "5-help")
			b.press("\x1b")
			b.selectPicture("broken.jpg")
			b.shot(name + "6-error")
			b.selectPicture("part 09")
			b.press("+", "+", "+", "+", "+", "+", "+", "+", "+")
			b.shot(name + "7-zoom")
		}
	}
}
