package main

import (
	"math/rand/v2"
	"syscall/js"

	"semirest/shared/prep"
	"semirest/shared/wire"
	"semirest/wasm/client"
)

// worker is the Go instance in the Worker: it carries messages between the page
// and a client.Session, and is the session's Host and Listener.
//
// Messages from the page: start {url}, add {id, file, only}, remove {id},
// first {id}, retry {id}, choose {name}, lossy {on}, halt {on}, redial, watch {project}.
// Messages to the page: see the types of frontend/src/go/engine.ts.
type worker struct {
	session *client.Session
	url     string
	files   map[uint32]js.Value
}

func inspect() {
	w := &worker{files: map[uint32]js.Value{}}
	seed := uint64(global.Get("Date").Call("now").Float())
	w.session = client.NewSession(w, w, rand.New(rand.NewPCG(seed, seed>>32)))
	listen := func(event string, f func(js.Value)) {
		global.Call("addEventListener", event, guard(w.fault, func(args []js.Value) any {
			f(first(args))
			return nil
		}))
	}
	listen("message", func(event js.Value) { w.receive(event.Get("data")) })
	listen("online", func(js.Value) { w.session.Redial() })
	w.post("type", "ready")
}

func (w *worker) receive(m js.Value) {
	id := func() uint32 { return uint32(m.Get("id").Int()) }
	switch m.Get("type").String() {
	case "start":
		w.url = m.Get("url").String()
		w.session.Start()
	case "add":
		w.files[id()] = m.Get("file")
		only := ""
		if v := m.Get("only"); v.Type() == js.TypeString {
			only = v.String()
		}
		w.session.Add(id(), only)
	case "remove":
		w.session.Remove(id())
		delete(w.files, id())
	case "first":
		w.session.First(id())
	case "retry":
		w.session.Retry(id())
	case "choose":
		w.session.Choose(m.Get("name").String())
	case "lossy":
		w.session.Lossy(m.Get("on").Bool())
	case "halt":
		w.session.Halt(m.Get("on").Bool())
	case "redial":
		w.session.Redial()
	case "watch":
		w.session.Watch(m.Get("project").String())
	}
}

// fault tells the page of a panic. The instance goes on.
func (w *worker) fault(text string) { w.post("type", "fault", "text", text) }

func (w *worker) post(pairs ...any) { global.Call("postMessage", object(pairs...)) }

// Dial implements client.Host.
func (w *worker) Dial(number int) {
	defer catch(func(string) { // a URL that is not allowed, for one, throws
		w.After(0, func() { w.session.Closed(number, "The browser refused to connect to the server.") })
	})
	dial(w.url, number, w.session, w.fault)
}

// Now implements client.Host.
func (w *worker) Now() client.Millis { return now() }

func now() client.Millis { return client.Millis(global.Get("performance").Call("now").Float()) }

// After implements client.Host.
func (w *worker) After(d client.Millis, f func()) (stop func()) {
	var fn js.Func
	fn = guard(w.fault, func([]js.Value) any {
		fn.Release()
		f()
		return nil
	})
	timer := global.Call("setTimeout", fn, float64(d))
	return func() {
		global.Call("clearTimeout", timer)
		fn.Release()
	}
}

// Prepare implements client.Host.
func (w *worker) Prepare(picture uint32, ticket int, d wire.Detector, how client.Travel) {
	file := w.files[picture]
	go func() {
		defer catch(w.fault)
		p, small, reason := w.prepare(file, d, how)
		if reason == "" {
			pixels := toJS("Uint8ClampedArray", small.rgba)
			global.Call("postMessage", object("type", "thumb", "id", picture, "w", small.w, "h", small.h, "rgba", pixels),
				array(pixels.Get("buffer")))
		}
		w.session.Prepared(ticket, p, reason)
	}()
}

// prepare turns every failure, a panic included, into a reason: a picture that
// breaks the decoder must not hold up the next one.
func (w *worker) prepare(file js.Value, d wire.Detector, how client.Travel) (p client.Prepared, small thumb, reason string) {
	defer catch(func(text string) { reason = "The picture cannot be prepared: " + text })
	var format prep.Format
	p, small, format, err := cutPicture(file, d, how)
	if err != nil {
		reason = client.Reason(err, format)
	}
	return p, small, reason
}

// Link implements client.Listener.
func (w *worker) Link(s client.Status) {
	w.post("type", "link", "state", s.State.String(), "ever", s.Ever, "retry", float64(s.Retry), "reason", s.Reason,
		"unanswered", s.Unanswered, "unfinished", s.Unfinished, "busy", s.Busy)
}

// Detectors implements client.Listener.
func (w *worker) Detectors(list []wire.Detector, open string) {
	all := array()
	for _, d := range list {
		all.Call("push", object("name", d.Name, "model", d.Model, "w", d.W, "h", d.H,
			"tile", d.TileRef, "overlap", d.TileOverlap, "block", d.Block, "kind", int(d.Kind),
			"falseAlarms", d.FalseAlarms, "created", float64(d.Created), "preset", d.Preset,
			"supervision", d.Supervision, "note", d.Note))
	}
	w.post("type", "detectors", "list", all, "open", open)
}

// Progress implements client.Listener.
func (w *worker) Progress(p wire.Progress) {
	w.post("type", "progress", "what", p.What, "ended", p.Ended, "done", float64(p.Done), "total", float64(p.Total), "left", p.SecondsLeft)
}

// Picture implements client.Listener.
func (w *worker) Picture(r client.Report) {
	times := array()
	for _, t := range r.Times {
		times.Call("push", object("stage", string(t.Stage), "ms", float64(t.Took)))
	}
	m := object("type", "picture", "id", r.ID, "state", r.State.String(), "reason", r.Reason,
		"detector", r.Detector, "model", r.Model, "lossy", r.Lossy, "width", r.Size.W, "height", r.Size.H,
		"answered", r.Answered, "crops", r.Crops, "score", r.Score, "unlike", r.Unlike, "hotX", r.HotX, "hotY", r.HotY,
		"times", times, "total", float64(r.Total), "rows", r.Map.Rows, "cols", r.Map.Cols, "block", r.Map.Size)
	if len(r.Map.Values) > 0 {
		m.Set("scores", floats(r.Map.Values))
	}
	global.Call("postMessage", m)
}
