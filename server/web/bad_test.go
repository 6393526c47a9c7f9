package web

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image/jpeg"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"semirest/shared/prep"
	"semirest/shared/wire"
)

// fixture is a picture of package picture's tests: 37 x 29 pixels, or turned.
func fixture(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "picture", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// bomb is a PNG of some bytes that promises 60000 x 60000 pixels, 10 GB.
func bomb() []byte {
	header := append([]byte("IHDR"), 0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60, 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(header))
}

func jpegOf(t *testing.T, v uint8, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, flat(v, w, h), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBadMessages sends what a broken or hostile client might. Each case says which error answers; where the connection
// survives, the next crop on it must be scored, and where it ends, the next connection must be served.
func TestBadMessages(t *testing.T) {
	r := newRig(t, Config{MaxFrame: 1 << 17, Limits: prep.Limits{MaxSide: 5000, MaxPixels: 20_000_000}}, nil)
	_, det := r.open()
	good := cropOf(det, 5, grey(100))
	edit := func(at int, with ...byte) []byte { // of a good crop's bytes
		b := good.Append(nil)
		copy(b[at:], with)
		return b
	}
	as := func(kind wire.Pixels, file []byte) []byte {
		c := cropOf(det, 5, file)
		c.Encoding = kind
		return c.Append(nil)
	}
	lossy := func(file []byte) []byte { return as(wire.JPEG, file) }
	other := func(change func(c *wire.Crop)) []byte {
		c := good
		change(&c)
		return c.Append(nil)
	}
	photo := jpegOf(t, 90, 64, 48)
	huge := jpegOf(t, 90, 8, 8)
	at := bytes.Index(huge, []byte{0xff, 0xc0}) // the frame header: height and width follow length and precision
	copy(huge[at+5:], []byte{0xff, 0xff, 0xff, 0xff})

	cases := []struct {
		name    string
		message []byte
		request uint32
		code    wire.Code
		ends    int // close code; 0: the connection survives
	}{
		{"no bytes at all", nil, 0, wire.CodeBadMessage, websocket.CloseProtocolError},
		{"half a header", good.Append(nil)[:5], 0, wire.CodeBadMessage, websocket.CloseProtocolError},
		{"the version before", edit(0, wire.Version-1), 0, wire.CodeVersion, websocket.CloseProtocolError},
		{"a newer version", edit(0, wire.Version+1), 0, wire.CodeVersion, websocket.CloseProtocolError},
		{"an unknown type", edit(1, 0x70), 5, wire.CodeUnknownType, 0},
		{"a server's message", wire.Error{Request: 5, Code: 1, Text: "x"}.Append(nil), 5, wire.CodeBadMessage, 0},
		{"projects, which are not here", wire.Watch{Request: 5, On: true, Project: "p"}.Append(nil), 5, wire.CodeUnknownType, 0},
		{"a request without an id", wire.Open{Detector: "fake"}.Append(nil), 0, wire.CodeBadMessage, websocket.CloseProtocolError},
		{"an unknown detector", wire.Open{Request: 5, Detector: "nobody"}.Append(nil), 5, wire.CodeNotFound, 0},
		{"a string that lies about its length", append(wire.Open{Request: 5}.Append(nil)[:8], 0xff, 0x03, 'a'), 5, wire.CodeBadMessage, 0},
		{"a string beyond the limit", append(wire.Open{Request: 5}.Append(nil)[:8], 0xff, 0xff, 'a'), 5, wire.CodeTooLarge, 0},
		{"a name that is not UTF-8", append(wire.Open{Request: 5}.Append(nil)[:8], 1, 0, 0xff), 5, wire.CodeBadMessage, 0},
		{"pixels shorter than they say", good.Append(nil)[:500], 5, wire.CodeBadMessage, 0},
		{"pixels longer than they say", append(good.Append(nil), 0), 5, wire.CodeBadMessage, 0},
		{"a length of 4 GB", edit(60, 0xff, 0xff, 0xff, 0xff), 5, wire.CodeTooLarge, 0},
		{"a length that lies by one", edit(60, 0x01), 5, wire.CodeBadMessage, 0},
		{"a size that lies", edit(20, 63), 5, wire.CodeBadMessage, 0},
		{"an unknown encoding", edit(56, 5), 5, wire.CodeBadMessage, 0},
		{"crop 1 of 1", edit(16, 1), 5, wire.CodeBadMessage, 0},
		{"a crop outside its picture", edit(32, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff), 5, wire.CodeBadMessage, 0},
		{"an empty rectangle", edit(32, 0xff, 0xff), 5, wire.CodeBadMessage, 0},
		{"a picture beyond the limit", other(func(c *wire.Crop) { c.PictureW = 100_000 }), 5, wire.CodeTooLarge, 0},
		{"another detector's size", other(func(c *wire.Crop) { c.W, c.H, c.Pixels = 32, 32, make([]byte, 3*32*32) }), 5, wire.CodeBadPicture, 0},
		{"another generation", other(func(c *wire.Crop) { c.Generation++ }), 5, wire.CodeStale, 0},
		{"a tile of a whole picture", other(func(c *wire.Crop) { c.Row = 2 }), 5, wire.CodeBadMessage, 0},
		{"a truncated JPEG", lossy(photo[:len(photo)/2]), 5, wire.CodeBadPicture, 0},
		{"a JPEG header alone", lossy(photo[:20]), 5, wire.CodeBadPicture, 0},
		{"text for JPEG", lossy([]byte("This is not a picture.")), 5, wire.CodeBadPicture, 0},
		{"PNG for JPEG", lossy(fixture(t, "grey.png")), 5, wire.CodeBadPicture, 0},
		{"a JPEG of another size", lossy(jpegOf(t, 90, 48, 64)), 5, wire.CodeBadPicture, 0},
		{"a JPEG bomb", lossy(huge), 5, wire.CodeBadPicture, 0},
		{"JPEG for PNG", as(wire.PNG, photo), 5, wire.CodeBadPicture, 0},
		{"a PNG of another size", as(wire.PNG, fixture(t, "grey.png")), 5, wire.CodeBadPicture, 0},
		{"a file of another size", as(wire.File, jpegOf(t, 90, 48, 64)), 5, wire.CodeBadPicture, 0},
		{"a file that is a bomb", as(wire.File, huge), 5, wire.CodeBadPicture, 0},
		{"text for a file", as(wire.File, []byte("This is not a picture.")), 5, wire.CodeBadPicture, 0},
		{"0 bytes of JPEG", append(other(func(c *wire.Crop) { c.Encoding, c.Pixels = wire.JPEG, []byte{1} })[:60], 0, 0, 0, 0), 5, wire.CodeBadMessage, 0},
		{"an over-long frame", make([]byte, 1<<17+1), 0, wire.CodeTooLarge, websocket.CloseMessageTooBig},
		{"a far over-long frame", make([]byte, 30<<20), 0, wire.CodeTooLarge, websocket.CloseMessageTooBig},
	}
	d, _ := r.open()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d.t = t
			if c.ends != 0 {
				d, _ = r.open()
				d.t = t
				// A far over-long frame may be cut off while it is still being sent: the server says why and hangs up.
				_ = d.conn.WriteMessage(websocket.BinaryMessage, c.message)
			} else {
				d.sendBytes(c.message)
			}
			if c.code == wire.CodeStale {
				next[wire.Detector](d)
			}
			d.wantError(c.request, c.code)
			if c.ends != 0 {
				d.wantClose(c.ends)
				d, _ = r.open()
				d.t = t
			}
			d.send(good)
			if s := next[wire.Scores](d); s.Request != good.Request || s.Image != 1 {
				t.Errorf("the next request was answered by %+v", s)
			}
		})
	}
	t.Run("a text message", func(t *testing.T) {
		d, _ := r.open()
		d.t = t
		if err := d.conn.WriteMessage(websocket.TextMessage, []byte(`{"open":"fake"}`)); err != nil {
			t.Fatal(err)
		}
		d.wantError(0, wire.CodeBadMessage)
		d.wantClose(websocket.CloseUnsupportedData)
	})
	t.Run("a crop before Open", func(t *testing.T) {
		d := r.dial()
		d.t = t
		d.send(good)
		d.wantError(good.Request, wire.CodeNotOpen)
		d.send(wire.Open{Request: 1, Detector: "fake"})
		next[wire.Detector](d)
		d.send(good)
		next[wire.Scores](d)
	})
	if n := r.queue.len(); n != 0 {
		t.Errorf("%d crops were left in the queue", n)
	}
}

// TestAFrameHeaderThatLies speaks the websocket protocol by hand: a frame that announces 2^62 bytes must cost nothing,
// and neither must one that stops halfway.
func TestAFrameHeaderThatLies(t *testing.T) {
	r := newRig(t, Config{}, nil)
	key := make([]byte, 16)
	_, _ = rand.Read(key)
	for name, frame := range map[string][]byte{
		"2^62 bytes":       {0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 'x'},
		"the top bit set":  {0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 'x'},
		"unmasked":         {0x82, 0x01, 'x'},
		"a reserved bit":   {0xf2, 0x81, 1, 2, 3, 4, 'x'},
		"a 1 KB ping":      {0x89, 0xfe, 0x04, 0x00, 1, 2, 3, 4},
		"an odd opcode":    {0x87, 0x80, 1, 2, 3, 4},
		"half a header":    {0x82},
		"a lone continued": {0x80, 0x81, 1, 2, 3, 4, 'x'},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(r.http.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", base64.StdEncoding.EncodeToString(key))
			in := bufio.NewReader(conn)
			resp, err := http.ReadResponse(in, nil)
			if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
				t.Fatalf("upgrade: %v %v", resp, err)
			}
			if _, err := conn.Write(frame); err != nil {
				t.Fatal(err)
			}
			if half, ok := conn.(*net.TCPConn); ok {
				_ = half.CloseWrite()
			}
			_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
			if _, err := in.WriteTo(new(bytes.Buffer)); err != nil {
				t.Errorf("the server did not hang up: %v", err)
			}
		})
	}
	d, det := r.open()
	d.send(cropOf(det, 1, grey(100)))
	next[wire.Scores](d)
}

// TestBadPictures uploads what people and attackers upload. Where a picture is fine, its size is told: upright.
func TestBadPictures(t *testing.T) {
	r := newRig(t, Config{MaxUpload: 1 << 20, Limits: prep.Limits{MaxSide: 5000, MaxPixels: 20_000_000}}, nil)
	photo := fixture(t, "420.jpg")
	type want struct {
		status int
		code   string
		w, h   int
	}
	fine, turned := want{200, "", 37, 29}, want{200, "", 29, 37}
	unreadable := want{422, codeUnreadable, 0, 0}
	cases := []struct {
		name string
		data []byte
		want
	}{
		{"JPEG", photo, fine},
		{"truncated JPEG", photo[:len(photo)/2], unreadable},
		{"0 bytes", nil, unreadable},
		{"text named .png", []byte("This is a text.\n"), unreadable},
		{"a web page", []byte("<html><script>alert(1)</script>"), unreadable},
		{"decompression bomb", bomb(), want{413, codeTooLarge, 0, 0}},
		{"16-bit", fixture(t, "rgb16.png"), fine},
		{"16-bit grey", fixture(t, "grey16.png"), fine},
		{"grey", fixture(t, "grey.jpg"), fine},
		{"CMYK", fixture(t, "cmyk.jpg"), fine},
		{"alpha", fixture(t, "rgba.png"), fine},
		{"palette with alpha", fixture(t, "palette_alpha.png"), fine},
		{"EXIF 1", fixture(t, "exif1.png"), fine},
		{"EXIF 2", fixture(t, "exif2.png"), fine},
		{"EXIF 3", fixture(t, "exif3.png"), fine},
		{"EXIF 4", fixture(t, "exif4.png"), fine},
		{"EXIF 5", fixture(t, "exif5.png"), turned},
		{"EXIF 6", fixture(t, "exif6.png"), turned},
		{"EXIF 7", fixture(t, "exif7.png"), turned},
		{"EXIF 8", fixture(t, "exif8.png"), turned},
		{"a file beyond the limit", make([]byte, 1<<20+1), want{413, codeTooLarge, 0, 0}},
		{"a body far beyond the limit", make([]byte, 3<<20), want{413, codeTooLarge, 0, 0}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			status, result, fault := r.upload(t, "/api/v1/score?detector=fake", "some.png", c.data)
			if status != c.status || fault.Code != c.code {
				t.Fatalf("answered %d %q (%s), want %d %q", status, fault.Code, fault.Message, c.status, c.code)
			}
			if status == 200 && (result.Picture.Width != c.w || result.Picture.Height != c.h) {
				t.Errorf("size %+v, want %d x %d", result.Picture, c.w, c.h)
			}
			if status != 200 && len(fault.Message) < 15 {
				t.Errorf("message %q says too little", fault.Message)
			}
			if status, _, fault := r.upload(t, "/api/v1/score", "next.jpg", photo); status != 200 {
				t.Errorf("the next request was answered %d %+v", status, fault)
			}
		})
	}
}
