package main

import (
	"strings"
	"syscall/js"
	"testing"
)

// These run under node (make test-wasm): a JavaScript engine, without a page.

func TestAwait(t *testing.T) {
	promise := js.Global().Get("Promise")
	v, err := await(promise.Call("resolve", 7))
	if err != nil || v.Int() != 7 {
		t.Errorf("resolved: %v, %v", v, err)
	}
	v, err = await(js.Global().Call("eval", "new Promise(done => setTimeout(() => done('late'), 5))"))
	if err != nil || v.String() != "late" {
		t.Errorf("resolved later: %v, %v", v, err)
	}
	_, err = await(js.Global().Call("eval", "Promise.reject(new DOMException('gone', 'NotReadableError'))"))
	if err == nil || errorName(err) != "NotReadableError" || !strings.Contains(err.Error(), "gone") {
		t.Errorf("rejected: %v", err)
	}
	_, err = await(promise.Call("reject"))
	if err == nil || errorName(err) != "" {
		t.Errorf("rejected with nothing: %v", err)
	}
}

// A panic in a callback must reach neither the Go runtime, which would end, nor
// the caller.
func TestGuardSurvivesPanics(t *testing.T) {
	var said []string
	f := guard(func(text string) { said = append(said, text) }, func(args []js.Value) any {
		if args[0].String() == "index" {
			return []int{}[len(args)]
		}
		panic(args[0].String())
	})
	defer f.Release()
	for _, arg := range []string{"index", "boom"} {
		if v := f.Invoke(arg); !v.IsUndefined() {
			t.Errorf("%s: returned %v", arg, v)
		}
	}
	if len(said) != 2 || !strings.Contains(said[0], "index out of range") || said[1] != "boom" {
		t.Errorf("said %q", said)
	}
}

func TestFloatsTravelExactly(t *testing.T) {
	want := []float32{0, 1.5, -3e-20, 1e30}
	v := floats(want)
	s := scoresOf([]js.Value{js.ValueOf(2), js.ValueOf(2), js.ValueOf(8), v})
	for i, x := range s.Values {
		if x != want[i] {
			t.Errorf("value %d: %v, want %v", i, x, want[i])
		}
	}
	if n := floats(nil).Length(); n != 0 {
		t.Errorf("no values give %d", n)
	}
}
