// Command wasm is the Go client, compiled to WebAssembly and run twice by the
// page: once in a Worker, where it decodes, cuts and streams pictures (role
// "inspect"), and once on the page itself, where it colours heat maps, keeps the
// list of results and draws labels (role "overlay"). The global semirestRole, set
// before it starts, says which.
//
// The files of this package are the only ones that use syscall/js. They
// convert, call and return; what there is to decide is decided in the packages
// client and desk, whose tests run natively.
//
// A panic that leaves a callback would end the instance for good, so every
// callback is wrapped by guard.
package main

import (
	"syscall/js"
)

var global = js.Global()

func main() {
	switch role := global.Get("semirestRole"); {
	case role.Type() == js.TypeString && role.String() == "inspect":
		inspect()
	case role.Type() == js.TypeString && role.String() == "overlay":
		overlay()
	default:
		panic("wasm: the global semirestRole is neither inspect nor overlay")
	}
	select {} // the callbacks live on
}

// guard makes f a JavaScript function that survives its panics: onPanic gets
// what went wrong, the caller undefined. The Func is the caller's to release.
func guard(onPanic func(text string), f func(args []js.Value) any) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) (result any) {
		defer catch(func(text string) {
			onPanic(text)
			result = js.Undefined()
		})
		return f(args)
	})
}

// catch, deferred, hands a panic's text to onPanic and ends it.
func catch(onPanic func(text string)) {
	switch r := recover().(type) {
	case nil:
	case error:
		onPanic(r.Error())
	case string:
		onPanic(r)
	default:
		onPanic("unknown panic")
	}
}

// object makes a JavaScript object of alternating keys and values.
func object(pairs ...any) js.Value {
	o := global.Get("Object").New()
	for i := 0; i+1 < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// array makes a JavaScript array.
func array(values ...any) js.Value { return global.Get("Array").New(values...) }

// bytesOf copies an ArrayBuffer or Uint8Array to Go, once.
func bytesOf(v js.Value) []byte {
	if v.InstanceOf(global.Get("ArrayBuffer")) {
		v = global.Get("Uint8Array").New(v)
	}
	b := make([]byte, v.Get("byteLength").Int())
	js.CopyBytesToGo(b, v)
	return b
}

// toJS copies bytes to a new array of a class over bytes.
func toJS(class string, b []byte) js.Value {
	v := global.Get(class).New(len(b))
	js.CopyBytesToJS(v, b)
	return v
}
