package browsertest

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"semirest/server/ort"
)

// bottles are the pictures of the loop's test: normal ones, defective ones to
// label, and some of both that are held out, the defective ones with their truth.
type bottles struct {
	normal, heldNormal, defective, heldDefective, masks []string
	area                                                map[string]image.Rectangle // of the defect, by file name
}

// inspection copies pictures of the inspection set under names of their own.
func inspection(t *testing.T) bottles {
	t.Helper()
	from := filepath.Join("..", "..", "..", "shared", "data", "mvtec_bottle")
	_, err := os.Stat(from)
	if err == nil {
		_, err = ort.Locate("")
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v: CI needs the inspection images and ONNX Runtime", err)
		}
		t.Skipf("skipped: %v", err)
	}
	dir, b := t.TempDir(), bottles{area: map[string]image.Rectangle{}}
	take := func(path, name string) string {
		data, err := os.ReadFile(filepath.Join(from, path))
		if err != nil {
			t.Fatal(err)
		}
		return write(t, dir, name, data)
	}
	for i := range 18 {
		b.normal = append(b.normal, take(fmt.Sprintf("train/good/%03d.jpg", i), fmt.Sprintf("good %02d.jpg", i)))
	}
	for i := range 3 {
		b.heldNormal = append(b.heldNormal, take(fmt.Sprintf("test/good/%03d.jpg", i), fmt.Sprintf("kept good %02d.jpg", i)))
	}
	kinds := []string{"broken_large", "broken_small", "contamination"}
	for i := range 8 {
		kind, number := kinds[i%3], i/3
		name := fmt.Sprintf("%s %d", strings.ReplaceAll(kind, "_", " "), number)
		path := take(fmt.Sprintf("test/%s/%03d.jpg", kind, number), name+".jpg")
		mask := fmt.Sprintf("ground_truth/%s/%03d_mask.png", kind, number)
		if i < 4 {
			b.defective = append(b.defective, path)
			data, err := os.ReadFile(filepath.Join(from, mask))
			if err != nil {
				t.Fatal(err)
			}
			b.area[name+".jpg"] = marks(t, data)
		} else {
			b.heldDefective = append(b.heldDefective, path)
			b.masks = append(b.masks, take(mask, name+"_mask.png"))
		}
	}
	return b
}

// marks is the smallest rectangle around what a mask marks.
func marks(t *testing.T, data []byte) (r image.Rectangle) {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			if v, _, _, _ := m.At(x, y).RGBA(); v > 0 {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return r
}

// waitLong is wait with a time of one's own.
func (b *tab) waitLong(patience time.Duration, expression string) {
	b.t.Helper()
	for end := time.Now().Add(patience); !eval[bool](b, "!!("+expression+")"); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("timed out waiting for %s\npage: %s", expression, eval[string](b, "document.querySelector('#work').innerText"))
		}
	}
}

// The whole loop, by the program as its user starts it: pictures in, boxes drawn
// by mouse and by keyboard, a detector trained from them that beats the distance
// score on pictures that were kept from it, all of it there after a reload, and
// labels that come back from COCO as they left.
func TestLabelTrainAndSeeItBetter(t *testing.T) {
	pictures := inspection(t)
	url := serve(t, "--projects", t.TempDir())
	b := newTab(t) // closed before the server stops
	begun := time.Now()
	b.open(url + "/#/projects")
	b.see("#new-project")
	b.click("#new-project")
	b.see("dialog[open] input")
	b.do(chromedp.KeyEvent("Bottle"))
	b.press(kb.Enter)
	b.see(".zone")

	b.dropOn(`.zone[data-role="normal"]`, slices.Clone(pictures.normal)...)
	b.waitLong(time.Minute, `document.querySelector(".upload").textContent.includes("18 pictures added.")`)
	b.dropOn(`.zone[data-role="defective"]`, slices.Clone(pictures.defective)...)
	b.waitLong(time.Minute, `document.querySelector(".upload").textContent.includes("4 pictures added.")`)
	b.click("#hold")
	b.dropOn(`.zone[data-role="normal"]`, slices.Clone(pictures.heldNormal)...)
	b.waitLong(time.Minute, `document.querySelector(".upload").textContent.includes("3 pictures added.")`)
	b.dropOn(`.zone[data-role="defective"]`, slices.Clone(pictures.heldDefective)...)
	b.waitLong(time.Minute, `document.querySelector(".upload").textContent.includes("4 pictures added.")`)
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#truth-files"), pictures.masks))
	b.says("#toast", "4 masks added.")
	b.says(".grid-bar", "29 pictures · 21 normal · 8 defective · 0 labelled in 0.0 s · 7 held out")
	b.wait(`[...document.querySelectorAll(".cell img")].every(i => i.complete && i.naturalWidth)`)
	b.shot("loop-1-pictures")

	for i, path := range pictures.defective {
		name := filepath.Base(path)
		area := pictures.area[name].Inset(-4)
		b.toLabel(name)
		if i < 3 {
			b.boxByMouse(area)
		} else {
			b.boxByKeyboard(area)
		}
		b.says(".save-state", "Saved · revision")
		b.shot(fmt.Sprintf("loop-2-label-%d", i+1))
	}
	b.click(".label-head a.button")
	b.says(".grid-bar", "4 labelled in")
	b.shot("loop-3-labelled")
	labelled := eval[string](b, `document.querySelector(".grid-bar p").textContent`)
	t.Logf("labelled after %.0f s: %s", time.Since(begun).Seconds(), labelled)

	b.click(`.project-tabs a[href$="/train"]`)
	b.see("#train")
	if got := eval[string](b, `document.querySelector('input[name="supervision"]:checked').value`); got != "semi" {
		t.Errorf("with boxes on four pictures the page proposes %q", got)
	}
	eval[bool](b, `(() => { for (const [id, v] of [["preset", "fast"], ["size", "256"]]) { const e = document.getElementById(id); e.value = v; e.dispatchEvent(new Event("change")); } return true; })()`)
	b.typeIn("#steps", "100")
	b.typeIn("#model-name", "four boxes")
	b.press(kb.Enter)
	b.see(".job")
	trained := time.Now()
	shots := map[string]string{"Training": "loop-4-training"}
	const patience = 10 * time.Minute // of a machine that does other things besides
	for end := time.Now().Add(patience); ; time.Sleep(300 * time.Millisecond) {
		state := eval[[]string](b, `(() => { const j = document.querySelector(".job"); return [j.dataset.state ?? "running", j.querySelector("[role=status]")?.textContent ?? "", String(!!j.querySelector(".sample:not([hidden])")), j.textContent]; })()`)
		if shot, ok := shots[state[1]]; ok && state[2] == "true" {
			b.shot(shot)
			delete(shots, state[1])
		}
		if state[0] == "done" {
			break
		}
		if state[0] == "failed" || state[0] == "canceled" || time.Now().After(end) {
			t.Fatalf("after %.0f s the job is %s: %s", time.Since(trained).Seconds(), state[0], state[3])
		}
	}
	t.Logf("trained after %.0f s", time.Since(trained).Seconds())

	b.click(`.job a[href$="/models"]`)
	row := b.models()
	b.shot("loop-5-models")
	ap, distance := fraction(t, row, `AP (0\.\d+)`), fraction(t, row, `\((0\.\d+)\)`)
	t.Logf("pixel AP %.3f, the distance score's %.3f", ap, distance)
	if ap <= distance {
		t.Errorf("the trained model reaches AP %.3f, the distance score %.3f", ap, distance)
	}

	// After a reload everything is where it was.
	b.do(chromedp.Reload())
	if again := b.models(); again != row {
		t.Errorf("after a reload the model reads %q, before %q", again, row)
	}
	b.click(`.project-tabs a`)
	b.says(".grid-bar", labelled)
	b.toLabel(filepath.Base(pictures.defective[3]))
	b.says(".label-panel .what", "1 shape")
	if s := eval[string](b, `document.querySelector(".label-panel .total").textContent`); !strings.ContainsAny(s, "123456789") {
		t.Errorf("no time is shown for a labelled picture: %q", s)
	}
	// The detector in use is the project's, and the labelling screen shows its map.
	b.waitLong(2*time.Minute, `document.querySelector(".label-panel").textContent.includes("By Bottle.")`)
	b.shot("loop-6-label-again")

	for _, screen := range []string{"threshold", "report"} {
		b.click(`.label-head a.button, .crumbs a`)
		b.at("#/projects/"+b.project()+"/"+screen, map[string]string{"threshold": "#threshold-at", "report": ".plots .dot"}[screen])
		b.axe(screen)
		b.shotFull("loop-7-" + screen)
	}
	b.sameAfterExchange(labelled)
	t.Logf("the whole loop took %.0f s", time.Since(begun).Seconds())
}

// project is the ID of the project that is shown.
func (b *tab) project() string {
	b.t.Helper()
	parts := strings.Split(eval[string](b, "sessionStorage.project ?? location.hash"), "/")
	if len(parts) > 2 && parts[1] == "projects" {
		eval[bool](b, fmt.Sprintf(`(sessionStorage.project = %q, true)`, "#/projects/"+parts[2]))
		return parts[2]
	}
	b.t.Fatalf("no project is shown at %v", parts)
	return ""
}

// toLabel opens a picture of the project's grid to be labelled.
func (b *tab) toLabel(name string) {
	b.t.Helper()
	b.at("#/projects/"+b.project(), ".cell")
	b.wait(fmt.Sprintf(`[...document.querySelectorAll(".cell")].some(c => c.querySelector(".name").textContent === %q)`, name))
	eval[bool](b, fmt.Sprintf(`([...document.querySelectorAll(".cell")].find(c => c.querySelector(".name").textContent === %q).querySelector("a").click(), true)`, name))
	b.says(".label-title", name)
	b.see(".sheet-pane")
	b.wait(`document.activeElement === document.querySelector(".sheet-pane")`)
}

// boxByMouse draws a box over pixels of a picture that fits its pane.
func (b *tab) boxByMouse(r image.Rectangle) {
	b.t.Helper()
	b.press("b")
	pane := eval[[]float64](b, `(() => { const r = document.querySelector(".sheet-pane").getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; })()`)
	const side = 512 // of these pictures
	scale := min((pane[2]-16)/side, (pane[3]-16)/side)
	x, y := pane[0]+pane[2]/2-side/2*scale, pane[1]+pane[3]/2-side/2*scale
	b.drag(x+float64(r.Min.X)*scale, y+float64(r.Min.Y)*scale, x+float64(r.Max.X)*scale, y+float64(r.Max.Y)*scale)
	b.says(".label-panel .what", "1 shape")
	if w, h, at, to := b.selectedBox(); abs(w-r.Dx()) > 6 || abs(h-r.Dy()) > 6 || abs(at-r.Min.X) > 4 || abs(to-r.Min.Y) > 4 {
		b.t.Errorf("drew %v, the page has %d × %d at %d, %d", r, w, h, at, to)
	}
}

// boxByKeyboard makes a box in the middle and brings it to a place, by keys only.
func (b *tab) boxByKeyboard(r image.Rectangle) {
	b.t.Helper()
	b.press("c")
	b.says(".label-panel .what", "1 shape")
	press := func(n int, less, more string, control bool) {
		key := more
		if n < 0 {
			key, n = less, -n
		}
		with := chromedp.ModifierNone
		if control {
			with = chromedp.ModifierCtrl
		}
		for range n / 10 {
			b.do(chromedp.KeyEvent(key, chromedp.KeyModifiers(with|chromedp.ModifierShift)))
		}
		for range n % 10 {
			b.do(chromedp.KeyEvent(key, chromedp.KeyModifiers(with)))
		}
	}
	for range 3 { // a side that meets the picture's edge gives way
		w, h, _, _ := b.selectedBox()
		press(r.Dx()-w, kb.ArrowLeft, kb.ArrowRight, true)
		press(r.Dy()-h, kb.ArrowUp, kb.ArrowDown, true)
		_, _, x, y := b.selectedBox()
		press(r.Min.X-x, kb.ArrowLeft, kb.ArrowRight, false)
		press(r.Min.Y-y, kb.ArrowUp, kb.ArrowDown, false)
	}
	if w, h, x, y := b.selectedBox(); abs(w-r.Dx()) > 4 || abs(h-r.Dy()) > 4 || abs(x-r.Min.X) > 2 || abs(y-r.Min.Y) > 2 {
		b.t.Errorf("by keys the box came to %d × %d at %d, %d, wanted %v", w, h, x, y, r)
	}
	b.press(kb.Enter)
}

var boxText = regexp.MustCompile(`(\d+)[\d.]* × (\d+)[\d.]* at (\d+)[\d.]*, (\d+)`)

// selectedBox is the selected box as the panel says it: its size and its top
// left.
func (b *tab) selectedBox() (w, h, x, y int) {
	b.t.Helper()
	time.Sleep(150 * time.Millisecond) // the panel says it a little after the frame
	text := eval[string](b, `document.querySelector('.label-panel [aria-label="Selected shape"]').textContent`)
	m := boxText.FindStringSubmatch(text)
	if m == nil {
		b.t.Fatalf("the panel says %q", text)
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v }
	return n(1), n(2), n(3), n(4)
}

func abs(v int) int { return max(v, -v) }

// models waits for the list of models and returns its one row's text.
func (b *tab) models() string {
	b.t.Helper()
	b.see(".models-table tbody tr")
	return eval[string](b, `(() => { const r = document.querySelector(".models-table tbody tr"); return r.querySelector(".model-name").textContent + ": " +
		[...r.querySelectorAll("td[data-name]")].map(c => c.dataset.name + " " + c.textContent).join(", "); })()`)
}

func fraction(t *testing.T, text, pattern string) float64 {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("%q has no %s", text, pattern)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sameAfterExchange exports the project in formats that keep all of it, takes each
// file in again here, where nothing changes, and COCO's in an empty project and the
// whole project's beside it, whose exports are then the same.
func (b *tab) sameAfterExchange(labelled string) {
	b.t.Helper()
	out := b.downloads()
	again := func(format, name string, data []byte, want string) {
		eval[bool](b, fmt.Sprintf(`(() => { const e = document.getElementById("import-format"); e.value = %q; return true; })()`, format))
		b.do(chromedp.SetUploadFiles(chromedp.CSS("#import-file"), []string{write(b.t, b.t.TempDir(), name, data)}))
		b.waitLong(time.Minute, fmt.Sprintf(`(t => t.includes(%q) && t.includes(%q))(document.querySelector(".exchange [role=status]").textContent)`, name, want))
	}
	var first []byte
	for _, format := range []string{"labelme", "csv", "coco"} {
		b.click("#export-" + format)
		first = saved(b.t, out, "Bottle-"+format+".zip")
		again(format, "bottle "+format+".zip", first, "had these labels already")
	}
	b.shot("loop-8-import")
	b.click("#export-project")
	whole := write(b.t, b.t.TempDir(), "whole.zip", saved(b.t, out, "Bottle-project.zip"))
	b.click(".crumbs a")
	b.see("#new-project")
	b.do(chromedp.SetUploadFiles(chromedp.CSS(`input[aria-label="File of a project"]`), []string{whole}))
	b.waitLong(time.Minute, `document.querySelector(".zone")`)
	b.says(".grid-bar", labelled)
	b.at(eval[string](b, "location.hash")+"/report", "#import")
	out = b.downloads()
	b.click("#export-coco")
	if a, c := unzip(b.t, first), unzip(b.t, saved(b.t, out, "Bottle-coco.zip")); !equalFiles(a, c) {
		b.t.Errorf("the whole project came back otherwise:\n%s\n%s", list(a), list(c))
	}
	b.at(strings.Replace(eval[string](b, "location.hash"), "/report", "/models", 1), ".models-table tbody tr")
	b.shot("loop-9-whole-project")
	b.click(".crumbs a")
	b.see("#new-project")
	b.click("#new-project")
	b.see("dialog[open] input")
	b.do(chromedp.KeyEvent("Second"))
	b.press(kb.Enter)
	b.see(".zone")
	b.at(eval[string](b, "location.hash")+"/report", "#import")
	again("coco", "bottle.zip", first, "pictures added")
	b.click("#export-coco")
	second := saved(b.t, out, "Second-coco.zip")
	if a, c := unzip(b.t, first), unzip(b.t, second); !equalFiles(a, c) {
		b.t.Errorf("COCO came back otherwise:\n%s\n%s", list(a), list(c))
	}
}

// unzip returns a zip's files. JSON is brought into one form, without what names
// the pictures of one project.
func unzip(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, ".json") {
			var v any
			if err := json.Unmarshal(text, &v); err != nil {
				t.Fatal(err)
			}
			if root, ok := v.(map[string]any); ok {
				images, _ := root["images"].([]any)
				for _, im := range images {
					if own, ok := im.(map[string]any)["semirest"].(map[string]any); ok {
						delete(own, "id")
					}
				}
			}
			text, _ = json.Marshal(v)
		}
		out[f.Name] = string(text)
	}
	return out
}

func equalFiles(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, text := range a {
		if b[name] != text {
			return false
		}
	}
	return true
}

func list(files map[string]string) string {
	var out strings.Builder
	for name, text := range files {
		fmt.Fprintf(&out, "%s %d bytes\n", name, len(text))
		if strings.HasSuffix(name, ".json") {
			fmt.Fprintf(&out, "%.2000s\n", text)
		}
	}
	return out.String()
}
