package browsertest

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A folder gives its pictures, at any depth, and leaves the rest out; the strip
// lists them by score.
func TestDroppedFolder(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	dir := t.TempDir()
	for i, v := range []uint8{150, 250, 190} {
		m := ground(300, 200, uint64(i))
		spot(m, image.Rect(40, 40, 90, 90), v)
		write(t, dir, fmt.Sprintf("lot/deep/part %d.png", i+1), encodePNG(t, m))
	}
	write(t, dir, "lot/notes.txt", []byte("not a picture"))
	write(t, dir, "lot/.hidden.png", []byte("not one either"))
	b.drop(dir + "/lot")
	b.settled(3)
	var order []string
	for _, l := range b.labels() {
		order = append(order, strings.Split(l, ",")[0])
	}
	if want := []string{"lot/deep/part 2.png", "lot/deep/part 3.png", "lot/deep/part 1.png"}; !slices.Equal(order, want) {
		t.Errorf("order %q, want %q", order, want)
	}
	if n := b.text("note"); !strings.HasPrefix(n, "3 pictures added. 2 files passed over: ") {
		t.Errorf("note %q", n)
	}
	b.do(chromedp.SetValue(chromedp.CSS("#order"), "name"))
	eval[bool](b, `document.getElementById('order').dispatchEvent(new Event('change'))`)
	b.wait(`document.querySelector('.thumb').getAttribute('aria-label').includes('part 1.png')`)
}

func TestPickedAndPasted(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	path := write(t, t.TempDir(), "picked.jpg", encodeJPEG(t, ground(320, 240, 1)))
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#pick-files"), []string{path}))
	b.settled(1)
	// A pasted picture, as the clipboard hands it over.
	eval[chromedp.Void](b, `(async () => {
		const c = new OffscreenCanvas(64, 48), p = c.getContext('2d');
		p.fillStyle = '#888'; p.fillRect(0, 0, 64, 48);
		const d = new DataTransfer();
		d.items.add(new File([await c.convertToBlob()], 'image.png', {type: 'image/png'}));
		window.dispatchEvent(new ClipboardEvent('paste', {clipboardData: d}));
	})()`)
	b.settled(2)
	if l := b.labels(); !slices.ContainsFunc(l, func(s string) bool { return strings.HasPrefix(s, "pasted 1.png, no defect") }) {
		t.Errorf("%q", l)
	}
}

// Each bad file gets its own clear reason, and the next picture is served.
func TestBadFiles(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	dir := t.TempDir()
	good := encodePNG(t, ground(300, 200, 1))
	jpg := encodeJPEG(t, ground(600, 400, 1))
	bomb := slices.Clone(good)
	binary.BigEndian.PutUint32(bomb[16:], 30000)
	binary.BigEndian.PutUint32(bomb[20:], 30000)
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	alpha := image.NewNRGBA(image.Rect(0, 0, 200, 100))
	for i := range alpha.Pix {
		alpha.Pix[i] = byte(i * 7)
	}
	transparent := encodePNG(t, alpha)
	cases := []struct {
		name   string
		data   []byte
		reason string
	}{
		{"empty.jpg", nil, "The file is empty"},
		{"moving.gif", []byte("GIF89a\x40\x00\x40\x00\xf0\x00\x00"), "GIF pictures are not read here: save it as PNG"},
		{"text.png", []byte("This is a text file that somebody renamed.\n"), "This is not a picture that can be read here"},
		{"bomb.png", bomb, "30000x30000 pixels. The limit is 32767 a side and 128 megapixels"},
		{"header.jpg", jpg[:40], "cut off"},
		{"truncated.jpg", jpg[:len(jpg)/2], "damaged or cut off"},
		{"truncated.png", good[:len(good)/2], "damaged or cut off"},
		{"truncated-alpha.png", transparent[:len(transparent)/2], "cut off"},
		{"noise.jpg", append(slices.Clone(jpg[:300]), make([]byte, 4000)...), "damaged"},
	}
	var paths []string
	for _, c := range cases {
		paths = append(paths, write(t, dir, c.name, c.data))
	}
	b.drop(append(paths, write(t, dir, "good.png", good))...)
	b.settled(len(cases) + 1)
	labels := b.labels()
	for _, c := range cases {
		i := slices.IndexFunc(labels, func(l string) bool { return strings.HasPrefix(l, c.name+", ") })
		if i < 0 || !strings.Contains(labels[i], "error: ") || !strings.Contains(labels[i], c.reason) {
			t.Errorf("%s: %q, want a reason with %q", c.name, labels[max(i, 0)], c.reason)
		}
	}
	if !slices.ContainsFunc(labels, func(l string) bool { return strings.HasPrefix(l, "good.png, no defect, score ") }) {
		t.Errorf("the good picture after the bad ones: %q", labels)
	}
	b.selectPicture("truncated.jpg")
	b.shot("error")
	if r := b.text("reason"); !strings.Contains(r, "cut off") {
		t.Errorf("the panel says %q", r)
	}
}

// A picture with more colour types than the page shows must still be read.
func TestKindsOfPictures(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	dir := t.TempDir()
	grey := image.NewGray(image.Rect(0, 0, 300, 200))
	for i := range grey.Pix {
		grey.Pix[i] = 120
	}
	deep := image.NewNRGBA64(image.Rect(0, 0, 300, 200))
	cmyk := image.NewPaletted(image.Rect(0, 0, 300, 200), color.Palette{color.Gray{90}, color.Gray{200}})
	for y := range 200 {
		for x := range 300 {
			deep.SetNRGBA64(x, y, color.NRGBA64{30000, 31000, 32000, 65535})
		}
	}
	b.drop(write(t, dir, "grey.png", encodePNG(t, grey)), write(t, dir, "grey.jpg", encodeJPEG(t, grey)),
		write(t, dir, "deep.png", encodePNG(t, deep)), write(t, dir, "palette.png", encodePNG(t, cmyk)))
	b.settled(4)
	for _, l := range b.labels() {
		if !strings.Contains(l, "no defect") {
			t.Errorf("%q", l)
		}
	}
}
