package main

import (
	"encoding/json"
	"fmt"
	"image"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/gorilla/websocket"

	"semirest/server/loop/looptest"
	"semirest/server/project"
	"semirest/server/train"
	"semirest/shared/wire"
)

// openPage is a page that watches a project.
type openPage struct {
	t    *testing.T
	conn *websocket.Conn
	seen []wire.Message
}

func (r *shopRig) page(p project.ID) *openPage {
	r.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(r.url, "http")+"/stream", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	o := &openPage{t: r.t, conn: conn}
	o.send(wire.Watch{Request: 1, On: true, Project: string(p)})
	return o
}

func (o *openPage) send(m wire.Message) {
	o.t.Helper()
	if err := o.conn.WriteMessage(websocket.BinaryMessage, m.Append(nil)); err != nil {
		o.t.Fatal(err)
	}
}

// until reads messages until one is as wanted.
func (o *openPage) until(what string, ok func(wire.Message) bool) wire.Message {
	o.t.Helper()
	_ = o.conn.SetReadDeadline(time.Now().Add(3 * time.Minute))
	for {
		_, b, err := o.conn.ReadMessage()
		if err != nil {
			o.t.Fatalf("waiting for %s: %v; seen %d messages, the last %+v", what, err, len(o.seen), o.seen[max(0, len(o.seen)-3):])
		}
		m, err := wire.Parse(b)
		if err != nil {
			o.t.Fatal(err)
		}
		o.seen = append(o.seen, m)
		if e, bad := m.(wire.Error); bad && !ok(m) {
			o.t.Fatalf("waiting for %s: %+v", what, e)
		}
		if ok(m) {
			return m
		}
	}
}

// detector waits until the page is told of a detector made of a model.
func (o *openPage) detector(model project.ID) wire.Detector {
	o.t.Helper()
	return o.until("model "+string(model), func(m wire.Message) bool {
		d, ok := m.(wire.Detector)
		return ok && d.Model == string(model)
	}).(wire.Detector)
}

// train submits a job and waits for its end.
func (r *shopRig) train(p project.ID, q project.Request) project.Job {
	r.t.Helper()
	body, err := json.Marshal(q)
	if err != nil {
		r.t.Fatal(err)
	}
	status, text := r.ask("POST", "/projects/"+string(p)+"/jobs", "application/json", body)
	var j project.Job
	if err := json.Unmarshal(text, &j); err != nil || status != 202 {
		r.t.Fatalf("%d %s", status, text)
	}
	for end := time.Now().Add(2 * time.Minute); !j.State.Ended(); time.Sleep(5 * time.Millisecond) {
		if j, err = r.shop.Loop.Job(r.t.Context(), j.ID); err != nil || time.Now().After(end) {
			r.t.Fatalf("%+v %v", j, err)
		}
	}
	if j.State != project.Done {
		r.t.Fatalf("%+v", j)
	}
	return j
}

// TestAnOpenPageSeesTheNewModel trains twice and looks at what an open page is told: how far the jobs are, a sample that
// sharpens, each model in the other's place, back again, and another threshold. A crop is scored by each.
func TestAnOpenPageSeesTheNewModel(t *testing.T) {
	looptest.Library(t)
	defer func(f func(*train.Config)) { tuneTraining = f }(tuneTraining)
	tuneTraining = looptest.Small
	r := newShopRig(t)
	p := r.labelled(10, 3, "pixel")
	page := r.page(p.ID)
	page.until("hello", func(m wire.Message) bool { _, ok := m.(wire.Hello); return ok })

	first := r.train(p.ID, project.Request{Supervision: "none", Preset: train.Lite, Size: 256, Deploy: true})
	d := page.detector(first.Model)
	if d.Name != "project/"+string(p.ID) || d.Supervision != "none" || d.W != 256 {
		t.Errorf("detector %+v", d)
	}
	page.send(wire.Open{Request: 2, Detector: d.Name})
	page.until("the detector asked for", func(m wire.Message) bool { d, ok := m.(wire.Detector); return ok && d.Request == 2 })
	if low := page.score(3, d); low.Grid.Rows != 32 || low.Generation != d.Generation {
		t.Errorf("scored %+v", low)
	}

	second := r.train(p.ID, project.Request{Supervision: "sup", Preset: train.Fast, Steps: 12, Size: 256, Deploy: true})
	next := page.detector(second.Model)
	if next.Generation <= d.Generation || next.Supervision != "sup" {
		t.Errorf("after %+v came %+v", d, next)
	}
	states, samples, steps := map[wire.JobState]bool{}, 0, 0
	page.until("the job's end", func(m wire.Message) bool {
		j, ok := m.(wire.Job)
		return ok && j.State == wire.JobDone && j.Model == string(second.Model)
	})
	for _, m := range page.seen {
		switch m := m.(type) {
		case wire.Job:
			states[m.State] = true
		case wire.Training:
			steps++
			if len(m.Map.Values) > 0 {
				samples++
				if m.Sample != string(second.ID) {
					t.Errorf("a sample of %q", m.Sample)
				}
			}
		}
	}
	if !states[wire.JobRunning] || samples == 0 || steps < 3 {
		t.Errorf("told of states %v, %d times of progress, %d samples", states, steps, samples)
	}
	r.holdAgainstOpenAPI(p.ID, second)
	// A crop planned for the first model is stale; the page plans it again.
	page.send(crop(4, d))
	page.until("stale", func(m wire.Message) bool {
		e, ok := m.(wire.Error)
		return ok && e.Request == 4 && e.Code == wire.CodeStale
	})
	page.score(5, next)

	if status, text := r.ask("POST", "/projects/"+string(p.ID)+"/models/rollback", "", nil); status != 200 {
		t.Fatalf("rollback: %d %s", status, text)
	}
	back := page.detector(first.Model)
	if status, text := r.ask("PUT", "/projects/"+string(p.ID)+"/threshold", "application/json", []byte(`{"threshold":2}`)); status != 200 {
		t.Fatalf("threshold: %d %s", status, text)
	}
	doubled := page.until("another threshold", func(m wire.Message) bool {
		d, ok := m.(wire.Detector)
		return ok && d.Generation > back.Generation
	}).(wire.Detector)
	one := page.score(6, doubled)
	if status, text := r.ask("PUT", "/projects/"+string(p.ID)+"/threshold", "application/json", []byte(`{"threshold":1}`)); status != 200 {
		t.Fatalf("threshold: %d %s", status, text)
	}
	own := page.until("its own threshold", func(m wire.Message) bool {
		d, ok := m.(wire.Detector)
		return ok && d.Generation > doubled.Generation
	}).(wire.Detector)
	if half := page.score(7, own).Image / 2; one.Image < half*0.999 || one.Image > half*1.001 {
		t.Errorf("with twice the threshold the image scores %v, not half of %v", one.Image, 2*half)
	}
	if status, text := r.ask("GET", "/projects/"+string(p.ID)+"/threshold", "", nil); status != 200 || !strings.Contains(string(text), `"false_alarms"`) {
		t.Errorf("curve: %d %s", status, text)
	}
	if status, text := r.ask("DELETE", "/projects/"+string(p.ID), "", nil); status != 204 {
		t.Fatalf("delete: %d %s", status, text)
	}
	page.send(crop(8, own))
	page.until("no detector", func(m wire.Message) bool {
		e, ok := m.(wire.Error)
		return ok && e.Request == 8 && e.Code == wire.CodeNotFound
	})
}

func crop(request uint32, d wire.Detector) wire.Crop {
	pixels := make([]byte, 3*d.W*d.H)
	for i := range pixels {
		pixels[i] = byte(i / 97)
	}
	return wire.Crop{
		Request: request, Picture: 1, Generation: d.Generation, Count: 1, W: d.W, H: d.H, PictureW: d.W, PictureH: d.H,
		Source: image.Rect(0, 0, d.W, d.H), Encoding: wire.RawRGB, Pixels: pixels,
	}
}

// score sends a crop and waits for its scores.
func (o *openPage) score(request uint32, d wire.Detector) wire.Scores {
	o.t.Helper()
	o.send(crop(request, d))
	return o.until(fmt.Sprint("scores ", request), func(m wire.Message) bool {
		s, ok := m.(wire.Scores)
		return ok && s.Request == request
	}).(wire.Scores)
}

// holdAgainstOpenAPI asks for what the loop and the report say and holds the answers to the server's own description.
func (r *shopRig) holdAgainstOpenAPI(p project.ID, j project.Job) {
	r.t.Helper()
	status, text := r.ask("GET", "/openapi.yaml", "", nil)
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil || status != 200 {
		r.t.Fatalf("%d %v", status, err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, path := range []string{
		"", "/pictures", "/jobs", "/jobs/" + string(j.ID), "/models", "/models/" + string(j.Model), "/models/" + string(j.Model) + "/evaluation",
		"/advice", "/next?n=5", "/threshold?model=" + string(j.Model), "/report",
	} {
		req, err := http.NewRequest("GET", r.url+"/projects/"+string(p)+path, nil)
		if err != nil {
			r.t.Fatal(err)
		}
		route, params, err := router.FindRoute(req)
		if err != nil {
			r.t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			r.t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != 200 {
			r.t.Errorf("%s: %d %v %.300s", path, resp.StatusCode, err, body)
			continue
		}
		out := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
			Status:                 resp.StatusCode, Header: resp.Header,
		}
		if err := openapi3filter.ValidateResponse(r.t.Context(), out.SetBodyBytes(body)); err != nil {
			r.t.Errorf("%s: %.2000v", path, err)
		}
	}
}
