package browsertest

import (
	"image/color"
	"strings"
	"testing"
)

// A picture of something that the detector did not learn is said to be so, beside its verdict, in the strip and in the
// table; its own pictures, defective ones too, are not.
func TestPicturesOfSomethingElse(t *testing.T) {
	r := newRig(t)
	r.page.blue = true
	b := newTab(t)
	b.open(r.url)
	sea := ground(300, 200, 9)
	for y := range 200 {
		for x := range 300 {
			sea.SetNRGBA(x, y, color.NRGBA{40, 90, 200, 255})
		}
	}
	b.drop(append(lot(t, 2), write(t, t.TempDir(), "sea.png", encodePNG(t, sea)))...)
	b.settled(3)
	b.selectPicture("sea")
	const said = "This picture is not like those that the detector even learnt from: its heat map and score say little."
	if got := b.text("reason"); got != said {
		t.Errorf("the panel says %q", got)
	}
	b.shot("unlike")
	for _, l := range b.labels() {
		if strings.HasPrefix(l, "sea.png") != strings.HasSuffix(l, ", not like what the detector learnt") {
			t.Errorf("thumbnail says %q", l)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(string(b.saved("#save-csv"))), "\r\n")[1:] {
		if strings.HasPrefix(line, "sea.png") != strings.HasSuffix(line, "not like the pictures that this detector learnt from") {
			t.Errorf("the table says %q", line)
		}
	}
	b.selectPicture("part 01")
	b.wait(`document.getElementById('reason').hidden`)
	b.selectPicture("sea")
	b.dark(true)
	b.shot("unlike-dark")
	b.do(phone)
	b.shotFull("unlike-phone")
}
