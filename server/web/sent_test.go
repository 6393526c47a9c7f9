package web

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/image/tiff"

	"semirest/server/memory"
	"semirest/server/picture"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// counting is a budget of which the most that was ever taken is known.
func counting(t *testing.T, size int64) (c Config, most *atomic.Int64) {
	t.Helper()
	memory.Limit(size)
	t.Cleanup(func() {
		eventually(t, "all memory is given back", func() bool { return memory.Used() == 0 })
		memory.Limit(0)
	})
	most = new(atomic.Int64)
	note := func(s *memory.Share, err error) (*memory.Share, error) {
		for used := memory.Used(); ; {
			if was := most.Load(); used <= was || most.CompareAndSwap(was, used) {
				return s, err
			}
		}
	}
	c.Room = func(ctx context.Context, data []byte, l prep.Limits, extra int64) (*memory.Share, error) {
		return note(picture.Room(ctx, data, l, extra))
	}
	c.MaskRoom = func(ctx context.Context, data []byte, l prep.Limits) (*memory.Share, error) {
		return note(picture.MaskRoom(ctx, data, l))
	}
	return c, most
}

// Whatever makes pixels of a file takes memory first and gives it back, and five at once take no more than there is.
func TestPixelsAreCounted(t *testing.T) {
	const size = 32 << 20
	c, most := counting(t, size)
	b := newBench(t, c)
	at := b.create("p")
	var data bytes.Buffer
	if err := tiff.Encode(&data, flat(100, 1000, 800), nil); err != nil { // 3 MB: it lies on the disk while it comes
		t.Fatal(err)
	}
	status, added := b.drop(at, nil, file{"a.tiff", data.Bytes()})
	if status != 201 {
		t.Fatalf("%d %+v", status, added)
	}
	one := at + "/pictures/" + string(added[0].Picture.ID)
	mask := pngOf(t, flat(0, 1000, 800))
	kind, form := form(t, "picture", "a.tiff", data.Bytes())
	for name, ask := range map[string]func() int{
		"image":     func() int { r, _ := b.ask("GET", one+"/image", "", nil, nil, nil); return r.StatusCode },
		"thumbnail": func() int { r, _ := b.ask("GET", one+"/thumbnail", "", nil, nil, nil); return r.StatusCode },
		"truth":     func() int { r, _ := b.ask("PUT", one+"/truth", "image/png", mask, nil, nil); return r.StatusCode },
		"score": func() int {
			r, _ := b.ask("POST", "/api/v1/score?detector=fake", kind, form, nil, nil)
			return r.StatusCode
		},
	} {
		most.Store(0)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if status := ask(); status != 200 && status != 503 { // an upload too many is told to come again
					t.Errorf("%s: %d", name, status)
				}
			})
		}
		wg.Wait()
		if got := most.Load(); got < 8*1000*800 || got > size {
			t.Errorf("%s: at most %d bytes were taken, of %d", name, got, int64(size))
		}
		eventually(t, name+" gives back", func() bool { return memory.Used() == 0 })
	}
}

// A picture for which the machine has no memory is refused by its header, in words, wherever it comes in.
func TestMorePixelsThanTheMachineHas(t *testing.T) {
	c, _ := counting(t, 32<<20)
	b := newBench(t, c)
	at := b.create("p")
	large := pngOf(t, flat(9, 3000, 2000))
	if status, added := b.drop(at, nil, file{"a.png", large}); status != 200 || added[0].Error == nil || added[0].Error.Code != codeTooLarge {
		t.Errorf("upload: %d %+v", status, added)
	}
	if status, _, f := b.upload(t, "/api/v1/score?detector=fake", "a.png", large); status != 413 || f.Code != codeTooLarge {
		t.Errorf("score: %d %+v", status, f)
	}
	one, _ := b.dropOne(at, "b.png", flat(9, 300, 200))
	var f struct{ Error fault }
	if resp, _ := b.ask("PUT", one+"/truth", "image/png", large, nil, &f); resp.StatusCode != 413 {
		t.Errorf("truth: %d %+v", resp.StatusCode, f)
	}
}

// A crop's message is counted while it comes and while it waits; one that is cut off leaves nothing taken.
func TestMessagesAreCounted(t *testing.T) {
	_, _ = counting(t, 64<<20)
	var bs buffers
	long := bytes.Repeat([]byte{1}, 1<<20)
	b, err := bs.read(t.Context(), bytes.NewReader(long), wire.MaxFrame)
	if err != nil || !bytes.Equal(b.data, long) || memory.Used() < 1<<20 || memory.Used() > wire.MaxFrame {
		t.Errorf("%v, %d bytes are taken", err, memory.Used())
	}
	b.free()
	if _, err := bs.read(t.Context(), io.MultiReader(bytes.NewReader(long), cutOff{}), wire.MaxFrame); err == nil || memory.Used() != 0 {
		t.Errorf("cut off: %v, %d bytes are taken", err, memory.Used())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	short, err := bs.read(ctx, bytes.NewReader(long[:freeRead-1]), wire.MaxFrame)
	if err != nil || memory.Used() != 0 {
		t.Errorf("a short message asks for memory: %v, %d", err, memory.Used())
	}
	short.free()
}

type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// What is sent lies in the spool without a name: nothing is left of it.
func TestWhatIsSentLeavesNothing(t *testing.T) {
	b := newBench(t, Config{})
	for n, onDisk := range map[int64]bool{0: false, sentInMemory - 1: false, sentInMemory: true, sentInMemory + 1: true} {
		want := bytes.Repeat([]byte("x"), int(n))
		x, err := b.receive(bytes.NewReader(want), 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		got, err := x.bytes()
		again, err2 := io.ReadAll(x.reader())
		if err != nil || err2 != nil || !bytes.Equal(got, want) || !bytes.Equal(again, want) || (x.rest != nil) != onDisk {
			t.Errorf("%d bytes: %d and %d, %v %v, on disk: %v", n, len(got), len(again), err, err2, x.rest != nil)
		}
		x.Close()
	}
	if x, err := b.receive(bytes.NewReader(make([]byte, 100)), 50); err != nil || x.size != 51 {
		t.Errorf("beyond the limit: %v %+v", err, x)
	}
	entries, err := os.ReadDir(b.config.Workshop.Spool)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if len(e.Name()) > 5 && e.Name()[:5] == "sent-" {
			t.Errorf("left over: %s", e.Name())
		}
	}
}
