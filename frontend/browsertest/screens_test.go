package browsertest

import (
	"encoding/json"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"semirest/server/project"
	"semirest/shared/annot"
	"semirest/shared/block"
	"semirest/shared/wire"
)

// spotAt is where picture i of a workbench's project has its defect.
func spotAt(i int) image.Rectangle {
	x, y := 60+i%5*40, 50+i%3*50
	return image.Rect(x, y, x+30, y+24)
}

// at goes to a screen and waits until it shows what css names.
func (b *tab) at(hash, css string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(location.hash = %q, true)`, hash))
	b.see(css)
}

// see waits until the page shows an element.
func (b *tab) see(css string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`document.querySelector(%q)?.checkVisibility()`, css))
}

// says waits until an element's text has a part.
func (b *tab) says(css, part string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`document.querySelector(%q)?.textContent.includes(%q)`, css, part))
}

// typeIn replaces what a field holds, as a user does.
func (b *tab) typeIn(css, text string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.focus(); e.select(); return true; })()`, css))
	b.do(chromedp.KeyEvent(text))
}

// middle is where an element's middle is on the page.
func (b *tab) middle(css string) (x, y float64) {
	b.t.Helper()
	at := eval[[]float64](b, fmt.Sprintf(`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, css))
	return at[0], at[1]
}

// dropOn drops files on an element.
func (b *tab) dropOn(css string, paths ...string) {
	b.t.Helper()
	x, y := b.middle(css)
	b.dropAt(x, y, paths...)
}

// drag moves the mouse with its button down.
func (b *tab) drag(x0, y0, x1, y1 float64) {
	b.t.Helper()
	mouse := func(kind input.DispatchMouseEventType, x, y float64) {
		_, err := chromedp.Call(b.ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	mouse(input.DispatchMouseEventTypeMouseMoved, x0, y0)
	mouse(input.DispatchMouseEventTypeMousePressed, x0, y0)
	for i := 1; i <= 8; i++ {
		f := float64(i) / 8
		mouse(input.DispatchMouseEventTypeMouseMoved, x0+f*(x1-x0), y0+f*(y1-y0))
	}
	mouse(input.DispatchMouseEventTypeMouseReleased, x1, y1)
}

// boxed gives a picture boxes, as somebody who worked on them.
func (w *workbench) boxed(p project.Picture, millis time.Duration, boxes ...image.Rectangle) {
	w.t.Helper()
	e := annot.Labels{W: p.Width, H: p.Height}
	for i, r := range boxes {
		e.Shapes = append(e.Shapes, annot.Shape{ID: uint32(i + 1), Box: block.Box{X: float64(r.Min.X+r.Max.X) / 2, Y: float64(r.Min.Y+r.Max.Y) / 2,
			HalfW: float64(r.Dx()) / 2, HalfH: float64(r.Dy()) / 2}})
	}
	e.Spent[annot.ToolBox] = millis.Milliseconds()
	if _, err := w.store.SaveLabels(w.t.Context(), project.Revision{Picture: p.ID, Data: e.Append(nil), State: project.State{Author: "ada"}}); err != nil {
		w.t.Fatal(err)
	}
}

func TestProjectsAreMadeNamedAndDeleted(t *testing.T) {
	w := newWorkbench(t, false)
	b := newTab(t)
	b.open(w.url)
	b.click(`#sections a[href="#/projects"]`)
	b.says("#work", "No project yet")
	b.axe("projects, none")
	b.shot("projects-none")
	b.click("#new-project")
	b.see("dialog[open] input")
	b.shot("projects-new")
	b.axe("new project")
	// A name is text, whatever it looks like.
	const evil = `<img src=x onerror="window.ran=1">`
	b.do(chromedp.KeyEvent(evil))
	b.press(kb.Enter)
	b.says("#project-name", evil)
	if eval[bool](b, "!!window.ran") {
		t.Fatal("a project's name ran as a script")
	}
	b.click(".crumbs a")
	b.says(".card h3", evil)
	b.click(".card-tools button:first-child")
	b.see("dialog[open] input")
	b.typeIn("dialog[open] input", "Bottle, line 3")
	b.press(kb.Enter)
	b.says(".card h3", "Bottle, line 3")
	// An answer that refuses is said where the question is.
	b.expect("400")
	b.click("#new-project")
	b.see("dialog[open] input")
	b.do(chromedp.KeyEvent("   "))
	b.press(kb.Enter)
	b.says("dialog[open] .failure", "needs a name")
	b.press("\x1b")
	b.wait(`!document.querySelector("dialog[open]")`)
	b.click(".card-tools button:last-child")
	b.says("dialog[open]", "for good")
	b.press(kb.Enter) // the safe answer has the focus
	b.wait(`!document.querySelector("dialog[open]")`)
	b.says(".card h3", "Bottle, line 3")
	b.click(".card-tools button:last-child")
	b.see("dialog[open] .danger")
	b.click("dialog[open] .danger")
	b.says("#work", "No project yet")
}

func TestPicturesAreDroppedByRole(t *testing.T) {
	w := newWorkbench(t, false)
	p, err := w.store.CreateProject(t.Context(), project.Project{Name: "Plates"})
	if err != nil {
		t.Fatal(err)
	}
	b := newTab(t)
	b.open(w.url + "/#/projects/" + string(p.ID))
	b.see(".zone")
	b.shot("pictures-none")
	b.axe("pictures, none")
	dir := t.TempDir()
	var good []string
	for i := range 12 {
		good = append(good, write(t, dir, fmt.Sprintf("good %02d.png", i), encodePNG(t, ground(300, 200, uint64(i)))))
	}
	bad := ground(300, 200, 77)
	spot(bad, image.Rect(100, 50, 150, 90), 240)
	b.dropOn(`.zone[data-role="normal"]`, append(slices.Clone(good), write(t, dir, "broken.png", []byte("no picture")))...)
	b.says(".upload", "12 pictures added, 1 not taken.")
	b.says(".failures", "broken.png")
	folder := filepath.Join(dir, "scratch")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, folder, "scratch 1.png", encodePNG(t, bad))
	b.dropOn(`.zone[data-role="defective"]`, folder)
	b.says(".upload", "1 picture added.")
	b.dropOn(`.zone[data-role="normal"]`, good[0])
	b.says(".upload", "1 already here")
	b.wait(`document.querySelectorAll(".cell").length === 13`)
	b.says(".grid-bar", "13 pictures · 12 normal · 1 defective")
	list, err := w.store.Pictures(t.Context(), p.ID)
	if err != nil || len(list) != 13 {
		t.Fatalf("%d pictures are stored, %v", len(list), err)
	}
	// Labels from elsewhere find a picture by the folder that it came in, too.
	if i := slices.IndexFunc(list, func(x project.Picture) bool { return x.Path == "scratch/scratch 1.png" }); i < 0 || list[i].Name != "scratch 1.png" || list[i].Kind != "scratch" {
		t.Errorf("the dropped folder is forgotten: %+v", list)
	}
	// Roles and what is held out change for many at once, however patient the server asks to be.
	eval[bool](b, `(() => {
		const real = window.fetch; window.asked = 0;
		window.fetch = (path, o) => o?.method === "PATCH" && window.asked++ < 2 ? Promise.resolve(new Response("{}", { status: 429, headers: { "Retry-After": "1" } })) : real(path, o);
		return true;
	})()`)
	b.click(".cell input")
	b.wait(`!document.querySelector(".mark-bar").hidden`)
	b.click(".mark-bar button:nth-of-type(3)")
	b.says(".grid-bar", "1 held out")
	if n := eval[int](b, "window.asked"); n != 3 {
		t.Errorf("a change was sent %d times, want 3", n)
	}
	b.do(chromedp.SetValue(chromedp.CSS(".grid-bar select"), "held"))
	eval[bool](b, `document.querySelector(".grid-bar select").dispatchEvent(new Event("change"))`)
	b.wait(`document.querySelectorAll(".cell").length === 1`)
	b.axe("pictures")
	// Masks find their picture by name.
	mask := image.NewGray(image.Rect(0, 0, 300, 200))
	mask.Pix[60*300+120] = 255
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#truth-files"), []string{write(t, dir, "scratch 1_mask.png", encodePNG(t, mask))}))
	b.says("#toast", "1 mask added.")
	list, _ = w.store.Pictures(t.Context(), p.ID)
	if i := slices.IndexFunc(list, func(x project.Picture) bool { return x.Truth != "" }); i < 0 || list[i].Name != "scratch 1.png" {
		t.Error("the mask is not the scratch's")
	}
}

// Thousands of pictures are a few dozen elements, and every one is reached by
// the keyboard.
func TestGridOfThousands(t *testing.T) {
	w := newWorkbench(t, false)
	p, list := w.project("Plates", 1, 1, 0)
	w.lay.set(func(l *laid) { l.many = 5000 })
	b := newTab(t)
	b.open(w.url + "/#/projects/" + string(p.ID))
	b.wait(`document.querySelectorAll(".cell").length > 10`)
	b.says(".grid-bar", "5002 pictures")
	few := func() {
		t.Helper()
		if n := eval[int](b, `document.querySelectorAll(".cell").length`); n > 120 {
			t.Errorf("%d pictures are elements", n)
		}
	}
	few()
	eval[bool](b, `(document.querySelector(".cell a").focus(), true)`)
	b.press(kb.ArrowRight, kb.ArrowDown, kb.End)
	b.wait(fmt.Sprintf(`document.activeElement.textContent.startsWith(%q)`, list[1].Name))
	if n := eval[string](b, `document.activeElement.parentElement.getAttribute("aria-posinset")`); n != "5002" {
		t.Errorf("the last one says it is number %s", n)
	}
	few()
	b.press(" ")
	b.says(".mark-bar", "1 marked")
	b.press(kb.Home)
	b.wait(`document.activeElement.parentElement.getAttribute("aria-posinset") === "1"`)
	eval[bool](b, `(document.querySelector(".grid-scroll").scrollTop = 40000, true)`)
	b.wait(`[...document.querySelectorAll(".cell")].some(c => c.getAttribute("aria-posinset") > 1000)`)
	b.shot("pictures-thousands")
	few()
	b.press(kb.Enter)
	b.wait(`location.hash.includes("/label/")`)
}

// The whole of a project, screen by screen, with what happens elsewhere shown
// without a reload.
func TestScreensOfAProject(t *testing.T) {
	w := newWorkbench(t, false)
	p, list := w.project("Plates <b>A</b>", 20, 8, 3)
	for i, x := range list[20:26] {
		w.boxed(x, time.Duration(4+i)*time.Second, spotAt(20+i))
	}
	var next []any
	for _, x := range list[26:] {
		next = append(next, ticket{"picture": x.ID, "name": x.Name, "worth": 0.8, "reason": "the detector is unsure of a block near the edge, and nothing like it is labelled"})
	}
	w.lay.set(func(l *laid) {
		l.next = next
		l.advice = ticket{"supervision": "semi", "ready": true, "reason": "3 defective pictures have boxes: Semi learns from them and guesses inside.",
			"todo": []string{"Boxes on two more pictures would help most."}, "normal": 17, "boxes": 3, "blocks": 0, "pixels": 0, "held": 3}
		l.curve = curveOf()
		l.report = reportOf()
	})
	b := newTab(t)
	b.open(w.url + "/#/projects")
	b.says(".card", "20 normal pictures")
	b.wait(`document.querySelectorAll(".card-pictures img").length === 4`)
	b.axe("projects")
	b.shot("projects")

	b.at("#/projects/"+string(p.ID), ".next-list li")
	b.wait(`[...document.querySelectorAll(".cell img")].slice(0, 12).every(i => i.complete)`)
	b.says(".grid-bar", "6 labelled in 39 s")
	b.axe("pictures")
	b.shot("pictures")
	// Somebody else's label appears.
	w.boxed(list[26], 3*time.Second, spotAt(26))
	w.server.Notify(p.ID, "labels", wire.Changed{Revision: 1, Subject: wire.SubjectLabels, Project: string(p.ID), Picture: string(list[26].ID)})
	b.says(".grid-bar", "7 labelled in 42 s")

	b.at("#/projects/"+string(p.ID)+"/train", "#train")
	if got := eval[string](b, `document.querySelector('input[name="supervision"]:checked').value`); got != "semi" {
		t.Errorf("the page proposes %q", got)
	}
	if !eval[bool](b, `document.querySelector("#supervision-sup").disabled && !document.querySelector("#supervision-un").disabled`) {
		t.Error("Sup can be chosen without a marked pixel")
	}
	b.axe("train")
	b.typeIn("#steps", "400")
	b.typeIn("#model-name", "first boxes")
	b.press(kb.Enter)
	b.says(".job", "first boxes")
	b.click("#train")
	b.says(".job-list", "waits for 1 job")
	jobs, _ := w.jobs.Jobs(t.Context(), p.ID)
	if r := jobs[0].Request; r.Supervision != "semi" || r.Steps != 400 || r.Preset != "lite" || !r.Deploy {
		t.Errorf("asked for %+v", r)
	}
	w.jobs.mu.Lock()
	for i := range 120 {
		line, _ := json.Marshal(ticket{"phase": 0, "step": i, "loss": 0.7/(1+float64(i)/30) + 0.02*float64(i%7)})
		w.jobs.log += string(line) + "\n"
	}
	m := ground(320, 240, 5)
	spot(m, image.Rect(190, 90, 220, 114), 235)
	w.jobs.sample = encodePNG(t, m)
	w.jobs.mu.Unlock()
	w.train(p, jobs[0].ID, 121, 400, 0.15)
	b.says(".job.running", "121 of 400")
	for step := 122; step < 140; step += 4 {
		w.train(p, jobs[0].ID, step, 400, 0.14)
	}
	b.says(".job.running", "138 of 400, about 75 s left")
	b.see(".job.running .sample canvas")
	b.wait(`document.querySelector(".job.running .series")`)
	b.says(".job.running", "pixel AP 0.410")
	b.axe("train, running")
	b.shot("train")
	b.click(`.job[data-state="queued"] button`)
	b.says(`.job[data-state="canceled"]`, "cancelled")
	_ = w.jobs.change(jobs[0].ID, func(j *project.Job) {
		j.State, j.Error = project.Failed, "the pictures of this project differ too much in size"
	})
	w.server.Notify(p.ID, "job", wire.Job{Job: 3, Kind: wire.JobTrain, State: wire.JobFailed, Project: string(p.ID), Text: "x"})
	b.says(`.job[data-state="failed"]`, "The pictures of this project differ too much in size.")

	b.at("#/projects/"+string(p.ID)+"/models", ".blank")
	old := w.model(p, "simulated", "un", 0.44, 0)
	now := w.model(p, "first boxes", "semi", 0.63, 15000)
	w.server.Notify(p.ID, "models", wire.Changed{Subject: wire.SubjectModels, Project: string(p.ID)})
	b.see(".models-table")
	for _, want := range []string{"0.630", "(0.520)", "0.730", "0.970", "0.990", "15 s", "42 ms"} {
		b.says(fmt.Sprintf(`tr[data-model=%q]`, now.ID), want)
	}
	b.click(fmt.Sprintf(`tr[data-model=%q] .actions button`, old.ID))
	b.says("#toast", "simulated is in use")
	b.says(fmt.Sprintf(`tr[data-model=%q] .compared`, now.ID), "Better than the one in use, on 14 pictures")
	b.click(fmt.Sprintf(`tr[data-model=%q] .actions button`, now.ID))
	b.says("#rollback", "Back to simulated")
	b.says(fmt.Sprintf(`tr[data-model=%q] .compared`, old.ID), "Worse than the one in use, on 14 pictures")
	b.axe("models")
	b.shot("models")
	b.click("#rollback")
	b.wait(fmt.Sprintf(`document.querySelector('tr[data-model=%q]').classList.contains("used")`, old.ID))
	if got, _ := w.store.Project(t.Context(), p.ID); got.Deployed != old.ID || got.Previous != now.ID {
		t.Errorf("deployed %s, previous %s", got.Deployed, got.Previous)
	}

	b.at("#/projects/"+string(p.ID)+"/threshold", "#threshold-at")
	b.says(".counts", "false alarm")
	b.axe("threshold")
	eval[bool](b, `(document.querySelector("#threshold-at").focus(), true)`)
	b.press(kb.ArrowRight, kb.ArrowRight)
	b.says(".threshold-row output", "1.02")
	b.wait(`!document.querySelector("#store-threshold").disabled`)
	box := eval[[]float64](b, `(() => { const r = document.querySelector(".threshold-box svg").getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; })()`)
	b.drag(box[0]+box[2]*0.5, box[1]+60, box[0]+box[2]*0.62, box[1]+80)
	b.wait(`Number(document.querySelector(".threshold-row output").textContent) > 1.2`)
	b.shot("threshold")
	want := eval[string](b, `document.querySelector(".threshold-row output").textContent`)
	b.click("#store-threshold")
	b.says(".counts", "Stored with")
	if m, _ := w.store.Model(t.Context(), old.ID); fmt.Sprintf("%.2f", m.Threshold) != want {
		t.Errorf("stored %v, want %s", m.Threshold, want)
	}

	b.at("#/projects/"+string(p.ID)+"/report", ".plots .dot")
	b.says(".figure", "0.630")
	b.says(".figure", "Each dot is a model: to the right, the seconds of labelling")
	if n := eval[int](b, `document.querySelectorAll(".plots .dot").length`); n != 3*5 {
		t.Errorf("%d dots", n)
	}
	b.axe("report")
	b.shotFull("report")
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#import-file"), []string{write(t, t.TempDir(), "labels.zip", []byte("PK"))}))
	b.says(".exchange", "labels of 2 pictures; 1 left out")
	b.says(".exchange .failures", "<b>nobody.png</b>")
	b.shot("report")

	b.at("#/projects/"+string(p.ID)+"/people", "#t-log")
	b.says("#work", "no accounts")
	b.says(".log", "deploy")
	b.axe("people, without accounts")
	b.shot("people-none")

	// Reload, back and forward go where they should.
	b.do(chromedp.Reload())
	b.see("#t-log")
	eval[bool](b, `(history.back(), true)`)
	b.see(".plots .dot")
	b.at("#/nowhere", "#inspect")
	b.at("#/projects/"+string(p.ID)+"/nonsense", ".grid")
	b.expect("404")
	b.at("#/projects/aaaaaaaaaaaaaaaa", ".blank")
	b.says("#work", "There is no such project")
	b.axe("an error")
}

// An open page sees the model that another page put in use, without a reload.
func TestOpenPagesSeeTheDeployedModel(t *testing.T) {
	w := newWorkbench(t, false)
	p, _ := w.project("Plates", 2, 0, 0)
	a, c := w.model(p, "one", "un", 0.4, 0), w.model(p, "two", "semi", 0.6, 5000)
	b, other := newTab(t), newTab(t)
	b.open(w.url + "/#/projects/" + string(p.ID) + "/models")
	b.see(".models-table")
	b.click(fmt.Sprintf(`tr[data-model=%q] .actions button`, a.ID))
	b.says("#toast", "in use")
	other.open(w.url)
	other.says("#detector", "Plates")
	m := ground(300, 200, 3)
	spot(m, image.Rect(40, 40, 90, 90), 240)
	other.drop(write(t, t.TempDir(), "part.png", encodePNG(t, m)))
	other.settled(1)
	before := w.scorer.count()
	b.click(fmt.Sprintf(`tr[data-model=%q] .actions button`, c.ID))
	for end := time.Now().Add(10 * time.Second); w.scorer.count() == before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the open page did not score its picture with the new model")
		}
	}
	other.settled(1)
}

func TestSigningInAndPeople(t *testing.T) {
	w := newWorkbench(t, true)
	p, _ := w.project("Plates", 2, 0, 0)
	b := newTab(t)
	b.expect("401")
	b.expect("WebSocket connection")
	b.open(w.url + "/#/projects/" + string(p.ID) + "/people")
	b.see("#t-sign-in")
	b.axe("sign in")
	b.shot("sign-in")
	b.typeIn(`[name="name"]`, "ada")
	b.typeIn(`[name="password"]`, "wrong horse")
	b.press(kb.Enter)
	b.see(".failure:not(:empty)")
	b.typeIn(`[name="password"]`, "ada correct horse")
	b.press(kb.Enter)
	b.see("#t-rights") // where the user was going
	b.says("#me", "ada")
	b.typeIn(`.add-right input`, "bob")
	b.click(".add-right button")
	b.says(".people-list", "bob")
	b.axe("people")
	b.shot("people")
	b.at("#/people", "#new-user")
	b.click("#new-user")
	b.see("dialog[open] input")
	b.do(chromedp.KeyEvent("carol"))
	b.typeIn(`dialog[open] [name="password"]`, "carol correct horse")
	b.press(kb.Enter)
	b.says(".accounts", "carol")
	b.click("#new-token")
	b.see("dialog[open] input")
	b.do(chromedp.KeyEvent("nightly export"))
	b.press(kb.Enter)
	b.see("dialog[open] .secret")
	secret := eval[string](b, `document.querySelector("dialog[open] .secret").value`)
	if u, err := w.people.Token(t.Context(), secret); err != nil || u.Name != "ada" {
		t.Errorf("the token shown is %s's, %v", u.Name, err)
	}
	b.shot("token")
	b.axe("a token")
	b.click("dialog[open] .answers button")
	b.says(".accounts", "nightly export")
	if strings.Contains(b.text("work"), secret) {
		t.Error("the token is shown again")
	}
	b.axe("accounts")
	b.shotFull("accounts")
	b.click("#sign-out")
	b.see("#t-sign-in")
	// A labeller is offered what a labeller may do.
	b.typeIn(`[name="name"]`, "bob")
	b.typeIn(`[name="password"]`, "bob correct horse")
	b.press(kb.Enter)
	b.says(".card", "Plates")
	b.wait(`!document.querySelector(".card-tools button")`)
	b.at("#/projects/"+string(p.ID)+"/train", "#train")
	if !eval[bool](b, `document.querySelector("#train").disabled`) {
		t.Error("a labeller is offered to train")
	}
	b.at("#/projects/"+string(p.ID), ".zone")
}

func curveOf() any {
	var points []any
	for i := range 60 {
		x := float64(i) * 0.04
		points = append(points, ticket{"threshold": x, "false_alarms": max(0, 17-i), "misses": max(0, min(8, i/5-4))})
	}
	return ticket{"points": points, "normal": 17, "defective": 8, "current": 1.0, "suggested": 0.72, "verdict": "At 1.00 every normal picture passes and one defect is missed."}
}

func reportOf() any {
	point := func(name, supervision, granule string, pictures int, seconds, ap float64) any {
		return ticket{"model": name, "name": name, "supervision": supervision, "granule": granule, "pictures": pictures, "seconds": seconds,
			"pixel_ap": ap, "pro": ap + 0.2, "pixel_auroc": 0.9 + ap/10}
	}
	return ticket{"figure": ticket{
		"baseline": point("Distance score", "none", "none", 0, 0, 0.52),
		"points": []any{
			point("simulated", "un", "none", 0, 0, 0.58),
			point("first boxes", "semi", "box", 3, 15, 0.63), point("more boxes", "semi", "box", 8, 41, 0.69),
			point("blocks", "sup", "block", 3, 52, 0.7), point("pixels", "sup", "pixel", 3, 97, 0.72)}}}
}

// Screenshots of the projects' screens, light and dark, on a desk and on a
// phone, to be looked at; without SEMIREST_SHOTS they are checked for
// accessibility in the dark, where contrasts are others.
func TestScreensInTheDarkAndOnAPhone(t *testing.T) {
	w := newWorkbench(t, false)
	p, list := w.project("Bottle, line 3", 14, 6, 2)
	for i, x := range list[14:18] {
		w.boxed(x, time.Duration(4+i)*time.Second, spotAt(14+i))
	}
	one, two := w.model(p, "simulated", "un", 0.58, 0), w.model(p, "four boxes", "semi", 0.69, 21000)
	for _, m := range []project.Model{one, two} {
		if _, err := (shelf{w}).Deploy(t.Context(), p.ID, m.ID); err != nil {
			t.Fatal(err)
		}
	}
	job, err := w.jobs.Submit(t.Context(), p.ID, project.Request{Supervision: "semi", Preset: "lite", Name: "more boxes"}, "ada")
	if err != nil {
		t.Fatal(err)
	}
	w.train(p, job.ID, 40, 400, 0.3)
	w.lay.set(func(l *laid) {
		l.next = []any{ticket{"picture": list[18].ID, "name": list[18].Name, "worth": 0.8, "reason": "the detector is unsure here, and nothing like it is labelled"}}
		l.advice = ticket{"supervision": "semi", "ready": true, "reason": "Two defective pictures have boxes: the blocks inside are guessed.", "todo": []string{"Boxes on two more pictures would help most."}, "normal": 12, "boxes": 2, "blocks": 0, "pixels": 0, "held": 4}
		l.curve, l.report = curveOf(), reportOf()
	})
	home := "#/projects/" + string(p.ID)
	screens := []struct{ name, hash, css string }{
		{"projects", "#/projects", ".card"}, {"pictures", home, ".next-list li"}, {"label", home + "/label/" + string(list[18].ID), ".sheet-pane"},
		{"train", home + "/train", ".job.running"}, {"models", home + "/models", ".models-table"}, {"threshold", home + "/threshold", "#threshold-at"},
		{"report", home + "/report", ".plots .dot"}, {"people", home + "/people", "#t-log"}, {"accounts", "#/people", ".blank"},
	}
	for _, device := range []struct {
		name   string
		action chromedp.Action[chromedp.Void]
		dark   bool
	}{
		{"desk", chromedp.EmulateViewport(1440, 900), true},
		{"phone", chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2)), false},
	} {
		b := newTab(t)
		b.do(device.action)
		b.dark(device.dark)
		b.open(w.url)
		for _, s := range screens {
			b.at(s.hash, s.css)
			b.axe(device.name + ", " + s.name)
			b.shot(device.name + "-" + s.name)
			// A phone's window grows with what is too wide for it; what the page is laid out in does not.
			if wide := eval[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
				t.Errorf("%s, %s is %d pixels wider than the window: %v", device.name, s.name, wide,
					eval[[]string](b, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right + scrollX > document.documentElement.clientWidth).map(e => e.tagName + "#" + e.id + "." + e.className)`))
			}
		}
	}
}
