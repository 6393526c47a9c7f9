package browsertest

import (
	"bytes"
	"image"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"semirest/shared/prep"
)

// slowly is the server behind a line of so many bits a second each way, and so long a way; a proxy, since browsers do not
// throttle websockets. It gives the address to go to.
func (r *rig) slowly(bits int, oneWay time.Duration) string {
	r.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = l.Close() })
	up, down := newPipe(bits, oneWay), newPipe(bits, oneWay)
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", r.addr)
			if err != nil {
				_ = near.Close()
				continue
			}
			go up.carry(far, near)
			go down.carry(near, far)
		}
	}()
	return "http://" + l.Addr().String()
}

// pipe is one way of a line, which all connections share.
type pipe struct {
	bits   int
	oneWay time.Duration

	mu   sync.Mutex
	free time.Time // when the bits sent so far have left
}

func newPipe(bits int, oneWay time.Duration) *pipe { return &pipe{bits: bits, oneWay: oneWay} }

// leave takes n bytes in; they are off when it returns the time.
func (p *pipe) leave(n int) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); p.free.Before(now) {
		p.free = now
	}
	p.free = p.free.Add(time.Duration(8 * n * int(time.Second) / p.bits))
	return p.free
}

func (p *pipe) carry(to, from net.Conn) {
	type packet struct {
		data []byte
		due  time.Time
	}
	packets := make(chan packet, 10_000)
	go func() {
		for k := range packets {
			time.Sleep(time.Until(k.due))
			if _, err := to.Write(k.data); err != nil {
				break
			}
		}
		_ = to.Close()
		_ = from.Close()
		for range packets { // so that the reader ends
		}
	}()
	for {
		b := make([]byte, 1460)
		n, err := from.Read(b)
		if n > 0 {
			left := p.leave(n)
			packets <- packet{b[:n], left.Add(p.oneWay)}
			time.Sleep(time.Until(left)) // no more is taken in than the line carries
		}
		if err != nil {
			_ = from.Close()
			close(packets)
			return
		}
	}
}

// On a slow line small files travel as they are, and score exactly as the server's own reading of them; large ones as
// JPEG, which the page says. Nobody has to ask for it.
func TestSlowLine(t *testing.T) {
	r := newRig(t)
	big := &contrast{input: prep.Size{W: 512, H: 512}, block: 8}
	r.install("big", "model-9", big, prep.Tile{})
	b := newTab(t)
	b.open(r.slowly(1_000_000, 100*time.Millisecond))
	b.wait(`document.getElementById('link').dataset.state === 'open'`)
	chooseDetector(b, "big")
	time.Sleep(time.Second) // the page's own pictures and the measure are over the line

	small := encodeJPEG(t, speckled(900, 900, 6))
	large := encodeJPEG(t, speckled(4000, 3000, 8))
	t.Logf("files of %d and %d bytes", len(small), len(large))
	dir := t.TempDir()
	took := func(name string, file []byte, n int) {
		path := write(t, dir, name, file)
		begun := time.Now()
		b.drop(path)
		b.settled(n)
		t.Logf("%s: map after %.2f s, %s", name, time.Since(begun).Seconds(), eval[string](b, `document.getElementById('times').textContent`))
	}
	took("small.jpg", small, 1)
	if got, want := big.last(), serverCrop(t, small, big.input); !bytes.Equal(got, want) {
		t.Errorf("a small file's pixels are not those of the server's reader: mean difference %.2f", meanDifference(got, want))
	}
	if s := b.text("facts"); strings.Contains(s, "sent as JPEG") {
		t.Errorf("a file that went as it is: %q", s)
	}
	took("large.jpg", large, 2)
	b.selectPicture("large.jpg")
	b.wait(`document.getElementById('reason').textContent === 'The line is slow: this picture was sent as JPEG, so its score may differ a little.'`)
	if d := meanDifference(big.last(), serverCrop(t, large, big.input)); d > 4 {
		t.Errorf("the large one differs by %.2f", d)
	}
	b.shot("slow-line")
}

// On a line between, crops are compressed without loss: the detector sees the same pixels.
func TestLineBetween(t *testing.T) {
	r := newRig(t)
	big := &contrast{input: prep.Size{W: 512, H: 512}, block: 8}
	r.install("big", "model-9", big, prep.Tile{})
	b := newTab(t)
	b.open(r.slowly(20_000_000, 5*time.Millisecond))
	b.wait(`document.getElementById('link').dataset.state === 'open'`)
	chooseDetector(b, "big")
	file := encodePNG(t, asymmetric(1200, 900)) // larger than half a crop
	b.drop(write(t, t.TempDir(), "part.png", file))
	b.settled(1)
	b.wait(`document.getElementById('times').textContent.includes('Make it small')`)
	if got, want := big.last(), serverCrop(t, file, big.input); !bytes.Equal(got, want) {
		t.Errorf("pixels differ by %.2f", meanDifference(got, want))
	}
	if s := b.text("facts"); strings.Contains(s, "sent as JPEG") {
		t.Errorf("%q", s)
	}
}

// speckled is a smooth picture with so much noise: what JPEG makes of it is as large as of a photograph.
func speckled(w, h, noise int) *image.NRGBA {
	m := ground(w, h, 5)
	for i := range m.Pix {
		if i%4 < 3 {
			m.Pix[i] = byte(110 + 30*(i/4%w)/w + int(m.Pix[i])%12*noise/24)
		}
	}
	return m
}
