package main

import (
	"errors"
	"syscall/js"

	"semirest/wasm/client"
)

// socket is the browser's own WebSocket. It lives in the Worker: on the page,
// megabytes of pixels would travel several times slower.
type socket struct {
	ws      js.Value
	funcs   []js.Func
	scratch js.Value // Uint8Array that messages are put together in; send copies it
	room    int
}

// dial opens a connection for a session; its events carry the number.
func dial(url string, number int, s *client.Session, onPanic func(string)) {
	c := &socket{ws: global.Get("WebSocket").New(url)}
	c.ws.Set("binaryType", "arraybuffer")
	opened := false
	c.on("open", onPanic, func(js.Value) {
		opened = true
		s.Opened(number, c)
	})
	c.on("message", onPanic, func(event js.Value) {
		data := event.Get("data")
		if data.Type() == js.TypeString {
			return // the server speaks binary
		}
		s.Received(number, bytesOf(data))
	})
	// An error is always followed by close, which says what is to be done.
	c.on("close", onPanic, func(event js.Value) {
		reason := "The connection to the server was lost."
		switch code := event.Get("code").Int(); {
		case !opened:
			reason = "The server cannot be reached."
		case code == 1001 || code == 1012:
			reason = "The server is stopping."
		case code != 1006 && event.Get("reason").String() != "":
			reason = "The server ended the connection: " + event.Get("reason").String() + "."
		}
		c.release()
		s.Closed(number, reason)
	})
}

func (c *socket) on(event string, onPanic func(string), f func(event js.Value)) {
	fn := guard(onPanic, func(args []js.Value) any {
		f(first(args))
		return nil
	})
	c.funcs = append(c.funcs, fn)
	c.ws.Call("addEventListener", event, fn)
}

// release frees the callbacks. The one that is running may still finish.
func (c *socket) release() {
	for i, event := range []string{"open", "message", "close"} {
		c.ws.Call("removeEventListener", event, c.funcs[i])
		c.funcs[i].Release()
	}
}

// Send implements client.Socket.
func (c *socket) Send(head, body []byte) (err error) {
	const open = 1
	if c.ws.Get("readyState").Int() != open {
		return errors.New("The connection to the server was lost.") //nolint:staticcheck // for people
	}
	n := len(head) + len(body)
	if n > c.room {
		c.room = n
		c.scratch = global.Get("Uint8Array").New(n)
	}
	js.CopyBytesToJS(c.scratch, head)
	if len(body) > 0 {
		js.CopyBytesToJS(c.scratch.Call("subarray", len(head), n), body)
	}
	c.ws.Call("send", c.scratch.Call("subarray", 0, n))
	return nil
}

// Close implements client.Socket.
func (c *socket) Close() { c.ws.Call("close", 1000) }
