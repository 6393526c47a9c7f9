package main

import (
	"errors"
	"syscall/js"
)

// await blocks the goroutine, not the event loop, until a promise is settled.
// The error is what it was rejected with.
func await(promise js.Value) (js.Value, error) {
	type outcome struct {
		value js.Value
		err   error
	}
	settled := make(chan outcome, 1)
	fulfilled := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- outcome{value: first(args)}
		return nil
	})
	defer fulfilled.Release()
	rejected := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- outcome{err: js.Error{Value: first(args)}}
		return nil
	})
	defer rejected.Release()
	promise.Call("then", fulfilled, rejected)
	o := <-settled
	return o.value, o.err
}

func first(args []js.Value) js.Value {
	if len(args) == 0 {
		return js.Undefined()
	}
	return args[0]
}

// errorName is the name of a rejected promise's DOMException, such as
// "NotReadableError"; "" where it has none.
func errorName(err error) string {
	if e, ok := errors.AsType[js.Error](err); ok && e.Value.Type() == js.TypeObject {
		if name := e.Value.Get("name"); name.Type() == js.TypeString {
			return name.String()
		}
	}
	return ""
}
