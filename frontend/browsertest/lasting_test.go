package browsertest

import (
	"fmt"
	"image"
	"strings"
	"testing"

	"semirest/server/project"
	"semirest/shared/prep"
)

// slide moves the threshold's slider.
func (b *tab) slide(v float64) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => { const s = document.getElementById('threshold'); s.value = %v; return s.dispatchEvent(new Event('input')); })()`, v))
}

func (b *tab) reload() {
	b.t.Helper()
	b.open(eval[string](b, `location.href`))
}

// The detector that the user chose and its threshold last over a reload; another
// model of that name begins at its own threshold, another detector has its own.
func TestChoiceAndThresholdLast(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	chooseDetector(b, "tiled")
	b.slide(1.4)
	b.wait(`document.getElementById('threshold-value').textContent === '1.40'`)
	b.reload()
	b.wait(`document.getElementById('detector').value === 'tiled' && document.getElementById('threshold-value').textContent === '1.40'`)
	chooseDetector(b, "even")
	b.wait(`document.getElementById('threshold-value').textContent === '1.00'`)
	chooseDetector(b, "tiled")
	b.wait(`document.getElementById('threshold-value').textContent === '1.40'`)
	r.install("tiled", "model-2b", r.tiles, prep.Tile{Ref: 512})
	b.wait(`document.getElementById('facts').textContent.includes('from 512 px') && document.getElementById('threshold-value').textContent === '1.00'`)
}

// A demo picture has a detector of its own: it costs the user's pictures neither
// the chosen detector nor its threshold, and none is scored again.
func TestDemoPictureLeavesTheChoice(t *testing.T) {
	r := newDemoRig(t)
	b := newTab(t)
	b.open(r.url)
	chooseDetector(b, "woven-cloth")
	b.drop(lot(t, 2)...)
	b.settled(2)
	b.slide(1.3)
	before := r.page.count()
	b.press("d")
	b.wait(`document.getElementById('demo-sheet').open`)
	b.click("#demo-tabs button:first-child")
	b.click("#demo-list li:nth-child(6) button")
	b.settled(3)
	b.wait(`document.getElementById('facts').textContent.includes('brushed-metal') && document.getElementById('threshold-value').textContent === '1.00'`)
	if v := eval[string](b, `document.getElementById('detector').value`); v != "woven-cloth" {
		t.Errorf("the detector in use is %q", v)
	}
	if n := r.page.count(); n != before+1 {
		t.Errorf("%d crops were scored for one demo picture", n-before)
	}
	b.selectPicture("part 01")
	b.wait(`document.getElementById('facts').textContent.includes('woven-cloth') && document.getElementById('threshold-value').textContent === '1.30'`)
	b.shot("demo-beside-own")
	csv := eval[string](b, `(() => new Promise(done => {
		const make = URL.createObjectURL; URL.createObjectURL = blob => { blob.text().then(done); return make.call(URL, blob); };
		document.getElementById('save-csv').click(); }))()`)
	for _, line := range strings.Split(strings.TrimSpace(csv), "\r\n")[1:] {
		if want := map[bool]string{true: ",1.00,brushed-metal,", false: ",1.30,woven-cloth,"}[strings.HasPrefix(line, "synthetic")]; !strings.Contains(line, want) {
			t.Errorf("the CSV says %q, want %q", line, want)
		}
	}
}

// Dropped pictures are there again after a reload, until they are removed.
func TestPicturesOutliveTheReload(t *testing.T) {
	r := newRig(t)
	b := newTab(t)
	b.open(r.url)
	b.drop(lot(t, 3)...)
	b.settled(3)
	eval[bool](b, `(() => { document.querySelector('.thumb[aria-label^="part 02"]').parentElement.querySelector('.away').click(); return true; })()`)
	b.settled(2)
	b.reload()
	b.settled(2)
	b.wait(`document.getElementById('note').textContent.includes('Your 2 pictures are here again')`)
	b.shot("pictures-again")
	b.reload() // they were kept anew
	b.settled(2)
	b.click("#clear")
	b.wait(`document.querySelector('dialog[open] .answers')`)
	b.shot("remove-all")
	b.click("dialog[open] .answers .danger")
	b.settled(0)
	b.reload()
	b.wait(`document.getElementById('link').dataset.state === 'open'`)
	if got := b.labels(); len(got) != 0 {
		t.Errorf("what was removed is back: %q", got)
	}
}

// A project's detector bears the project's name wherever it is seen, and another
// one as soon as the project has it.
func TestProjectsDetectorBearsItsName(t *testing.T) {
	w := newWorkbench(t, false)
	p, _ := w.project("Bottle, line 3", 2, 0, 0)
	m := w.model(p, "one", "un", 0.4, 0)
	p, err := w.store.Deploy(t.Context(), p.ID, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.serve(p); err != nil {
		t.Fatal(err)
	}
	b := newTab(t)
	b.open(w.url)
	b.says("#detector", "Bottle, line 3")
	b.says("#facts", "Bottle, line 3")
	plate := ground(300, 200, 3)
	spot(plate, image.Rect(40, 40, 90, 90), 240)
	b.drop(write(t, t.TempDir(), "part.png", encodePNG(t, plate)))
	b.settled(1)
	b.shot("project-detector")
	if s := eval[string](b, `document.body.innerText`); strings.Contains(s, string(p.ID)) || strings.Contains(s, project.DetectorName(p.ID)) {
		t.Errorf("the page shows the detector's ID:\n%s", s)
	}
	eval[bool](b, fmt.Sprintf(`fetch('/api/v1/projects/%s', {method: 'PATCH', headers: {'Content-Type': 'application/json'}, body: '{"name": "Bottle, line 4"}'}).then(a => a.ok)`, p.ID))
	eval[bool](b, `(() => { location.hash = '#/projects'; return true; })()`)
	b.wait(`document.getElementById('inspect').hidden`)
	eval[bool](b, `(() => { location.hash = '#/'; return true; })()`)
	b.says("#detector", "Bottle, line 4")
}
