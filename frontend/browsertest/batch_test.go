package browsertest

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// choose sets a select element of the page.
func (b *tab) choose(css, value string) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS(css), value))
	eval[bool](b, fmt.Sprintf(`document.querySelector(%q).dispatchEvent(new Event('change'))`, css))
}

// saved presses a button and returns the file that the page then hands out.
func (b *tab) saved(css string) []byte {
	b.t.Helper()
	text := eval[string](b, fmt.Sprintf(`new Promise(done => {
		const make = URL.createObjectURL, click = HTMLAnchorElement.prototype.click;
		const made = new Map();
		URL.createObjectURL = blob => { const url = make.call(URL, blob); made.set(url, blob); return url; };
		HTMLAnchorElement.prototype.click = function() {
			if (!this.download) return click.call(this);
			URL.createObjectURL = make; HTMLAnchorElement.prototype.click = click;
			const reader = new FileReader();
			reader.onload = () => done(reader.result.split(',')[1]);
			reader.readAsDataURL(made.get(this.href));
		};
		document.querySelector(%q).click(); })`, css))
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		b.t.Fatal(err)
	}
	return data
}

// folders is a folder of n pictures in two folders, every third of which has a spot, a
// damaged file, a GIF and a text.
func folders(t *testing.T, n int) (dir string) {
	dir = t.TempDir()
	for i := range n {
		m := ground(300, 200, uint64(i))
		if i%3 == 0 {
			spot(m, image.Rect(40, 40, 90, 90), 250)
		}
		write(t, dir, fmt.Sprintf("lot/%s/part %02d.png", []string{"day", "night"}[i%2], i/2), encodePNG(t, m))
	}
	write(t, dir, "lot/day/torn.png", encodePNG(t, ground(300, 200, 1))[:900])
	write(t, dir, "lot/anim.gif", []byte("GIF89a and more of it"))
	write(t, dir, "lot/notes.txt", []byte("not a picture"))
	return dir
}

// Many pictures: how far it is, how long it takes, stopped and gone on with; what is
// no picture is named.
func TestBatch(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	b.wait(`document.getElementById('link').dataset.state === 'open'`)
	gate := make(chan struct{}, 64)
	r.page.hold(gate)
	b.drop(folders(t, 24) + "/lot")
	b.wait(`document.getElementById('note').textContent === '25 pictures added. 2 files passed over: anim.gif, notes.txt.' ||
		document.getElementById('note').textContent === '25 pictures added. 2 files passed over: notes.txt, anim.gif.'`)
	for range 8 {
		gate <- struct{}{}
	}
	// Eight scored, and the torn one where it was reached.
	b.wait(`/^[89] of 25, about \d+ s left$/.test(document.querySelector('#batch span').textContent)`)
	b.shot("batch")
	b.click("#batch-stop")
	b.wait(`document.querySelector('#batch span').textContent.includes('stopped')`)
	for range 8 {
		gate <- struct{}{} // for the crops that are with the server, four at most, and nobody else
	}
	b.wait(`document.querySelectorAll('.thumb:is([data-state=scoring], [data-state=preparing])').length === 0`)
	waiting := eval[int](b, `document.querySelectorAll('.thumb[data-state=waiting]').length`)
	if waiting < 10 {
		t.Errorf("stopped, only %d pictures wait", waiting)
	}
	b.choose("#filter", "open")
	b.wait(fmt.Sprintf(`document.querySelectorAll('.thumb').length === %d`, waiting))
	b.press("j")
	b.wait(`document.getElementById('reason').textContent.includes("Press 'Go on'")`)
	b.shot("batch-stopped")
	b.choose("#filter", "all")
	r.page.hold(nil)
	for range 8 {
		select {
		case gate <- struct{}{}: // for those that wait at the gate still
		default:
		}
	}
	b.click("#batch-stop")
	b.settled(25)
	b.wait(`document.getElementById('batch').hidden`)

	b.click("#passed")
	b.wait(`document.querySelector('dialog[open] ul.passed')`)
	list := eval[string](b, `document.querySelector('dialog[open]').innerText`)
	for _, want := range []string{"2 files passed over", "lot/anim.gif a kind of picture that is not read here", "lot/notes.txt not a picture, by its name"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list of what was passed over lacks %q:\n%s", want, list)
		}
	}
	b.shot("batch-passed-over")
	b.press(kb.Escape)
}

// The strip shows the defective, the failed, ...; keys walk among those, and what is
// cleared is what is shown.
func TestBatchFilters(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	b.drop(folders(t, 12) + "/lot")
	b.settled(13)
	for filter, n := range map[string]int{"defect": 4, "good": 8, "failed": 1, "open": 0, "all": 13} {
		b.choose("#filter", filter)
		b.wait(fmt.Sprintf(`document.querySelectorAll('.thumb').length === %d`, n))
		b.wait(fmt.Sprintf(`document.getElementById('filter').selectedOptions[0].textContent.endsWith('(%d)')`, n))
	}
	b.choose("#filter", "defect")
	b.wait(`document.querySelectorAll('.thumb').length === 4`)
	b.shot("batch-defective")
	b.press("j", "j")
	for range 6 {
		b.press("j")
		b.wait(`document.querySelector('.thumb[aria-current]')?.dataset.state === 'defect'`)
	}
	// A moved threshold moves pictures in and out.
	b.slide(0.25)
	b.wait(`document.querySelectorAll('.thumb').length > 4`)
	b.slide(1)
	b.wait(`document.querySelectorAll('.thumb').length === 4`)
	b.choose("#filter", "failed")
	b.wait(`document.querySelectorAll('.thumb').length === 1`)
	b.click("#clear")
	b.wait(`document.querySelector('dialog[open] .answers')`)
	if s := eval[string](b, `document.querySelector('dialog[open] h2').textContent`); s != "Remove the 1 picture shown?" {
		t.Errorf("it asks %q", s)
	}
	b.click("dialog[open] .answers .danger")
	b.choose("#filter", "all")
	b.settled(12)
}

// Everything in one archive: overlays in their folders, and the table.
func TestSaveAll(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	b.drop(folders(t, 12) + "/lot")
	b.settled(13)
	b.wait(`document.getElementById('save-all').textContent === '12 overlays and CSV (zip)'`)
	files := archived(t, b.saved("#save-all"))
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{"semirest-results.csv"}
	for i := range 12 {
		want = append(want, fmt.Sprintf("lot/%s/part %02d-heat.png", []string{"day", "night"}[i%2], i/2))
	}
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("the archive holds %q, want %q", names, want)
	}
	if table := string(files["semirest-results.csv"]); strings.Count(table, "\r\n") != 14 || !strings.Contains(table, "lot/day/part 00.png,defect,") || !strings.Contains(table, "lot/day/torn.png,error,") {
		t.Errorf("the table:\n%s", table)
	}
	m, err := png.Decode(bytes.NewReader(files["lot/day/part 00-heat.png"]))
	if err != nil || m.Bounds() != image.Rect(0, 0, 300, 200) {
		t.Fatalf("overlay: %v, %v", m, err)
	}
	// The defect's heat is in it: yellow over what was grey.
	if r, _, blue, _ := m.At(65, 65).RGBA(); r < blue+0x2000 {
		t.Errorf("the defect's pixel is %v", m.At(65, 65))
	}
	if one := b.saved("#save-png"); !bytes.HasPrefix(one, []byte("\x89PNG")) {
		t.Error("one overlay is no PNG")
	}
	b.choose("#filter", "defect")
	b.wait(`document.getElementById('save-all').textContent === '4 overlays and CSV (zip)'`)
	if n := len(archived(t, b.saved("#save-all"))); n != 5 {
		t.Errorf("of the defective, %d files", n)
	}
	b.shot("save-all")
	b.dark(true)
	b.shot("save-all-dark")
	b.do(phone)
	if !eval[bool](b, `document.documentElement.scrollWidth <= innerWidth`) {
		t.Error("on a phone the page is wider than the screen")
	}
	b.shotFull("save-all-phone")
}

// archived reads a zip archive whole, which checks its sums.
func archived(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	return files
}
