package client

import (
	"testing"

	"semirest/shared/wire"
)

// The slower the line, the smaller the pixels are made; what the user asked for goes before.
func TestTravelFollowsTheLine(t *testing.T) {
	d := plain("a")
	d.W, d.H = 512, 512
	for _, c := range []struct {
		name           string
		empty, content Millis
		want           Travel
	}{
		{"this machine", 0.2, 0.4, Raw},
		{"a distant fast line", 200, 202, Raw},
		{"10 Mbit/s", 30, 43, Lossless},
		{"1 Mbit/s", 200, 331, Slow},
	} {
		w := newWorld(t)
		w.s.Start()
		conn := w.acceptUnmeasured(d)
		w.opened(conn, d)
		w.s.Add(1, "")
		if len(w.todo) > 0 {
			t.Fatalf("%s: a picture is prepared before the line is measured", c.name)
		}
		w.measured(conn, c.empty, c.content)
		if len(w.todo) != 1 || w.todo[0].how != c.want {
			t.Errorf("%s: %+v, want %v", c.name, w.todo, c.want)
		}
		w.s.Lossy(true)
		w.s.Retry(1)
		w.todo = w.todo[1:]
		w.s.Prepared(0, Prepared{}, "") // of the one before
		if len(w.todo) != 1 || w.todo[0].how != Lossy {
			t.Errorf("%s: asked for JPEG, %+v", c.name, w.todo)
		}
	}
}

// A line that becomes slow is noticed by the crops; one hiccup is none.
func TestLineIsLearntFromCrops(t *testing.T) {
	d := plain("a")
	d.W, d.H = 512, 512
	l := line{trip: 1, rate: 16 << 10}
	l.learn(3*512*512, 900, 100)
	if got := l.travel(d); got != Raw {
		t.Errorf("after a hiccup: %v", got)
	}
	for range 20 {
		l.learn(3*512*512, 6501, 200)
	}
	if got := l.travel(d); got != Slow {
		t.Errorf("after twenty slow crops: %v at %v bytes a ms", got, l.rate)
	}
}

// A file travels as it is where it is one crop and smaller than that.
func TestAsFile(t *testing.T) {
	d := plain("a")
	d.W, d.H = 512, 512 // 786,432 bytes raw
	for _, c := range []struct {
		how    Travel
		bytes  int
		pixels int64
		crops  int
		want   bool
	}{
		{Raw, 1000, 1000, 1, false},
		{Lossless, 40_000, 900 * 900, 1, true},
		{Lossless, 400_000, 900 * 900, 1, false},
		{Slow, 40_000, 900 * 900, 1, true},
		{Slow, 200_000, 900 * 900, 1, false},
		{Slow, 40_000, 900 * 900, 4, false},
		{Slow, 40_000, wire.MaxFilePixels + 1, 1, false},
		{Lossy, 1000, 1000, 1, false},
	} {
		if got := c.how.AsFile(c.bytes, d, c.pixels, c.crops); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
