package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall/js"
	"testing"

	"semirest/shared/block"
	"semirest/shared/wire"
	"semirest/wasm/client"
)

// What the page's types say of Go's two instances is what these give: a field
// that only one end knows shows here.

// declared are the fields of an interface of wasm_js.d.ts, sorted; optional ones
// end in "?".
func declared(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile("../frontend/src/go/wasm_js.d.ts")
	if err != nil {
		t.Fatal(err)
	}
	_, body, found := strings.Cut(string(text), "export interface "+name+" {")
	if !found {
		t.Fatalf("wasm_js.d.ts has no interface %s", name)
	}
	body = regexp.MustCompile(`/\*\*.*?\*/`).ReplaceAllString(body, "")
	var fields []string
	depth, start := 1, 0
	for i, c := range body {
		switch c {
		case '{', '(', '[', '<':
			depth++
		case '}', ')', ']', '>':
			depth--
		case ';':
			if depth == 1 {
				fields = append(fields, regexp.MustCompile(`\w+\??`).FindString(body[start:i]))
				start = i + 1
			}
		}
		if depth == 0 {
			if last := regexp.MustCompile(`\w+\??`).FindString(body[start:i]); last != "" {
				fields = append(fields, last)
			}
			break
		}
	}
	slices.Sort(fields)
	return fields
}

func compare(t *testing.T, name string, got js.Value) {
	t.Helper()
	var keys []string
	list := js.Global().Get("Object").Call("keys", got)
	for i := range list.Length() {
		if key := list.Index(i).String(); key != "type" {
			keys = append(keys, key)
		}
	}
	for _, want := range declared(t, name) {
		field, optional := strings.CutSuffix(want, "?")
		at := slices.Index(keys, field)
		if at >= 0 {
			keys = slices.Delete(keys, at, at+1)
		} else if !optional {
			t.Errorf("%s: Go does not give %s", name, field)
		}
	}
	if len(keys) > 0 {
		t.Errorf("%s: Go gives %v, of which wasm_js.d.ts knows nothing", name, keys)
	}
}

func TestPageKnowsWhatTheOverlayOffers(t *testing.T) {
	overlay()
	api := js.Global().Get("semirest")
	compare(t, "Semirest", api)
	// What the page puts, Go reads: a missing field would be the text "<undefined>".
	o := js.Global().Get("Object").New()
	for _, f := range declared(t, "Result") {
		o.Set(f, map[bool]any{true: "scored", false: 1}[f == "state"])
	}
	for _, f := range []string{"name", "detector", "model", "reason"} {
		o.Set(f, f+" of it")
	}
	o.Set("lossy", true)
	api.Call("put", o)
	csv := string(bytesOf(api.Call("csv", 0)))
	for _, want := range []string{"name of it", "detector of it", "model of it", "reason of it", "jpeg", "defect"} {
		if !strings.Contains(csv, want) {
			t.Errorf("%s is not in %s", want, csv)
		}
	}
}

func TestPageKnowsWhatTheWorkerSays(t *testing.T) {
	var said js.Value
	post := js.FuncOf(func(_ js.Value, args []js.Value) any { said = args[0]; return nil })
	defer post.Release()
	js.Global().Set("postMessage", post)
	w := &worker{}
	one := wire.Grid{Rows: 1, Cols: 1, Values: []float32{1}}
	for name, say := range map[string]func(){
		"Link":     func() { w.Link(client.Status{}) },
		"Progress": func() { w.Progress(wire.Progress{}) },
		"Training": func() { w.Training(wire.Training{Map: one}) },
		"Job":      func() { w.Job(wire.Job{}) },
		"Changed":  func() { w.Changed(wire.Changed{}) },
		"Report": func() {
			w.Picture(client.Report{Map: block.NewScores(block.Grid{Rows: 1, Cols: 1, Size: 8}), Times: []client.Time{{Stage: client.StageRead}}})
			compare(t, "StageTime", said.Get("times").Index(0))
		},
		"Detector": func() {
			w.Detectors([]wire.Detector{{}}, "")
			said = said.Get("list").Index(0)
		},
	} {
		say()
		compare(t, name, said)
	}
}
