package client

import (
	"slices"
	"testing"

	"semirest/shared/prep"
	"semirest/shared/wire"
)

func TestPictureBecomesScores(t *testing.T) {
	w, c := ready(t, plain("a"))
	w.s.Add(7, "")
	w.prepare(small)
	crops := w.crops(c)
	if len(crops) != 1 || !whole(crops[0]) || crops[0].Picture != 7 || crops[0].Pixels[0] != 7 {
		t.Fatalf("sent %d crops", len(crops))
	}
	w.now += 9
	w.answer(c, crops[0], 1.5)
	r := w.pictures[7]
	if r.State != Scored || r.Score != 1.5 || r.Map.Rows != 4 || r.Map.Cols != 8 || r.Detector != "a" || r.Size != small {
		t.Errorf("report %+v", r)
	}
	want := []Time{{"decode", 10}, {"send", 5}, {"score", 3}}
	if !slices.Equal(r.Times, want) || r.Total != 9 {
		t.Errorf("times %v total %v", r.Times, r.Total)
	}
	if got := w.history[7]; !slices.Equal(got, []State{Waiting, Preparing, Scoring, Scored}) {
		t.Errorf("states %v", got)
	}
	if w.status.Unfinished != 0 || w.status.Unanswered != 0 {
		t.Errorf("status %+v", w.status)
	}
}

// Never more than the window unanswered, however many pictures wait, and never
// more pixels prepared than the window can soon use.
func TestWindow(t *testing.T) {
	w, c := ready(t, plain("a"))
	for id := range uint32(20) {
		w.s.Add(id+1, "")
	}
	scored := 0
	for scored < 20 {
		for len(w.todo) > 0 {
			w.prepare(small)
		}
		if n := len(w.s.active); n > 2*wire.Window {
			t.Fatalf("%d pictures are held in memory", n)
		}
		crops := w.crops(c)
		if len(crops) == 0 {
			t.Fatal("the line stands still")
		}
		for _, m := range crops {
			w.answer(c, m, 1)
			scored++
		}
	}
	if w.largest != wire.Window {
		t.Errorf("at most %d crops were unanswered, want %d", w.largest, wire.Window)
	}
}

// Halted, nothing more is prepared or sent; what the server has is still answered, and
// the rest goes on where it stood.
func TestHalt(t *testing.T) {
	w, c := ready(t, plain("a"))
	for id := range uint32(9) {
		w.s.Add(id+1, "")
	}
	for len(w.todo) > 0 {
		w.prepare(small)
	}
	sent := w.crops(c)
	w.s.Halt(true)
	for _, m := range sent {
		w.answer(c, m, 1)
	}
	for id := range uint32(9) {
		if s := w.pictures[id+1].State; s != Scored && s != Waiting {
			t.Errorf("picture %d is %v", id+1, s)
		}
	}
	if len(w.todo) > 0 || len(w.crops(c)) > 0 || w.status.Unfinished != 9-len(sent) {
		t.Fatalf("halted: %d in preparation, %+v", len(w.todo), w.status)
	}
	w.s.Halt(false)
	for w.status.Unfinished > 0 {
		for len(w.todo) > 0 {
			w.prepare(small)
		}
		crops := w.crops(c)
		if len(crops) == 0 {
			t.Fatal("the line stands still")
		}
		for _, m := range crops {
			w.answer(c, m, 1)
		}
	}
}

func TestTilesAppearAsTheyAreScored(t *testing.T) {
	w, c := ready(t, tiled("a"))
	w.s.Add(1, "")
	w.prepare(prep.Size{W: 1000, H: 500})
	plan, _ := prep.NewPlan(prep.Size{W: 1000, H: 500}, prep.Size{W: 64, H: 64}, prep.Tile{Ref: 256, Overlap: 16})
	n := len(plan.Crops)
	if n < 8 {
		t.Fatalf("the plan has only %d crops", n)
	}
	seen := map[int]bool{}
	for answered := 0; answered < n; {
		crops := w.crops(c)
		slices.Reverse(crops) // answers come in any order
		for _, m := range crops {
			if seen[m.Index] || m.Count != n || m.Row != plan.Crops[m.Index].Row || m.Source != plan.Crops[m.Index].Source {
				t.Fatalf("crop %d of %d", m.Index, m.Count)
			}
			seen[m.Index] = true
			v := float32(0.5)
			if m.Index == n-1 {
				v = 3
			}
			w.answer(c, m, v)
			answered++
			r := w.pictures[1]
			if r.Answered != answered || r.Crops != n || (r.State == Scored) != (answered == n) {
				t.Fatalf("after %d answers: %+v", answered, r)
			}
		}
	}
	r := w.pictures[1]
	if r.Map.Rows != 16 || r.Map.Cols != 32 || r.Score != 3 {
		t.Errorf("map of %dx%d, score %v", r.Map.Rows, r.Map.Cols, r.Score)
	}
	if r.HotX < 800 || r.HotY < 400 {
		t.Errorf("hottest block at (%v, %v), want in the last tile", r.HotX, r.HotY)
	}
}

func TestLostConnectionResendsWhatWasNotAnswered(t *testing.T) {
	w, c := ready(t, plain("a"))
	for id := range uint32(6) {
		w.s.Add(id+1, "")
		for len(w.todo) > 0 {
			w.prepare(small)
		}
	}
	first := w.crops(c)
	if len(first) != wire.Window {
		t.Fatalf("%d crops", len(first))
	}
	w.answer(c, first[1], 1) // out of order
	w.crops(c)
	w.s.Closed(c.number, "The connection to the server was lost.")
	if w.status.State != LinkLost || w.status.Reason == "" || w.status.Retry <= 0 || w.status.Unfinished != 5 {
		t.Fatalf("status %+v", w.status)
	}
	w.answer(c, first[0], 1) // too late: of the old connection
	w.pass(second)
	c = w.accept(plain("a"))
	w.opened(c, plain("a"))
	answered := map[uint32]bool{}
	for range 10 {
		for len(w.todo) > 0 {
			w.prepare(small)
		}
		for _, m := range w.crops(c) {
			if answered[m.Picture] {
				t.Errorf("picture %d was sent twice on the new connection", m.Picture)
			}
			answered[m.Picture] = true
			w.answer(c, m, 2)
		}
	}
	if len(answered) != 5 || answered[first[1].Picture] {
		t.Errorf("sent again: %v", answered)
	}
	for id := range uint32(6) {
		if r := w.pictures[id+1]; r.State != Scored {
			t.Errorf("picture %d is %v", id+1, r.State)
		}
	}
}

func TestPausesBetweenDialsGrow(t *testing.T) {
	w := newWorld(t)
	w.s.Start()
	var pauses []Millis
	for range 9 {
		w.s.Closed(w.dials[len(w.dials)-1], "The server cannot be reached.")
		before := w.now
		n := len(w.dials)
		for len(w.dials) == n {
			w.pass(50)
		}
		pauses = append(pauses, w.now-before)
	}
	for i, p := range pauses {
		want := min(minPause*Millis(int(1)<<i), maxPause)
		if p < want*0.79 || p > want*1.21+50 {
			t.Errorf("pause %d took %v, want about %v", i, p, want)
		}
	}
	c := w.accept(plain("a"))
	w.s.Closed(c.number, "gone")
	if w.status.Retry > 2*minPause {
		t.Errorf("after a good connection the pause is %v", w.status.Retry)
	}
	n := len(w.dials)
	w.s.Redial()
	if len(w.dials) != n+1 || w.status.State != LinkDialing {
		t.Error("'try now' did not dial")
	}
	w.pass(dialPatience + second)
	if w.status.State == LinkDialing && len(w.dials) == n+1 {
		t.Error("a dial that hangs is never given up")
	}
}

func TestSilentServerIsGivenUp(t *testing.T) {
	w, c := ready(t, plain("a"))
	w.s.Add(1, "")
	w.prepare(small)
	w.pass(patience - second)
	w.say(c, wire.Progress{What: "still at it"})
	w.pass(patience - second)
	if w.status.State != LinkOpen {
		t.Fatal("a server that says something was given up")
	}
	w.pass(2 * second)
	if !c.closed || w.status.State == LinkOpen {
		t.Errorf("a silent server was kept: %+v", w.status)
	}
}

func TestBusyServerIsAskedAgainLater(t *testing.T) {
	w, c := ready(t, plain("a"))
	w.s.Add(1, "")
	w.prepare(small)
	for range 5 {
		m := w.crops(c)
		if len(m) != 1 {
			t.Fatalf("%d crops", len(m))
		}
		w.say(c, wire.Error{Request: m[0].Request, Code: wire.CodeBusy, Text: "busy"})
		if !w.status.Busy || len(w.crops(c)) != 0 {
			t.Fatal("the crop was sent again at once")
		}
		w.pass(6 * second)
	}
	w.answer(c, w.crops(c)[0], 1)
	if w.pictures[1].State != Scored || w.status.Busy {
		t.Errorf("%+v %+v", w.pictures[1], w.status)
	}
}

func TestFailuresEndOnePictureOnly(t *testing.T) {
	w, c := ready(t, plain("a"))
	for id := range uint32(3) {
		w.s.Add(id+1, "")
	}
	w.s.Prepared(w.todo[0].ticket, Prepared{}, "The file is empty.")
	w.todo = w.todo[1:]
	w.prepare(small)
	w.prepare(small)
	crops := w.crops(c)
	w.say(c, wire.Error{Request: crops[0].Request, Code: wire.CodeInternal, Text: "The scorer failed."})
	w.answer(c, crops[1], 1)
	if r := w.pictures[1]; r.State != Failed || r.Reason != "The file is empty." {
		t.Errorf("%+v", r)
	}
	if r := w.pictures[2]; r.State != Failed || r.Reason != "The scorer failed." {
		t.Errorf("%+v", r)
	}
	if w.pictures[3].State != Scored {
		t.Errorf("%+v", w.pictures[3])
	}
	w.s.Retry(2)
	w.prepare(small)
	w.answer(c, w.crops(c)[0], 1)
	if w.pictures[2].State != Scored {
		t.Errorf("after another try: %+v", w.pictures[2])
	}
}

func TestAnswerOfAnotherShapeIsRefused(t *testing.T) {
	w, c := ready(t, plain("a"))
	w.s.Add(1, "")
	w.prepare(small)
	m := w.crops(c)[0]
	a := m.Answer()
	a.Grid = wire.Grid{Rows: 2, Cols: 2, Values: make([]float32, 4)}
	w.say(c, a)
	if r := w.pictures[1]; r.State != Failed {
		t.Errorf("%+v", r)
	}
}

func TestAnotherDetectorScoresAnew(t *testing.T) {
	w := newWorld(t)
	w.s.Start()
	c := w.accept(plain("a"), plain("b"))
	w.opened(c, plain("a"))
	w.s.Add(1, "")
	w.s.Add(2, "a") // a demo picture of a's
	w.s.Add(3, "")
	w.prepare(small)
	w.prepare(small)
	for _, m := range w.crops(c) {
		w.answer(c, m, 1)
	}
	w.s.Choose("b") // while picture 3 is being prepared for a
	w.opened(c, plain("b"))
	if w.open != "b" {
		t.Errorf("open is %q", w.open)
	}
	w.prepare(small) // comes too late and is thrown away
	if n := len(w.crops(c)); n != 0 {
		t.Errorf("%d crops of the old detector were sent", n)
	}
	w.prepare(small)
	w.prepare(small)
	crops := w.crops(c)
	if len(crops) != 2 {
		t.Fatalf("%d crops for b", len(crops))
	}
	for _, m := range crops {
		w.answer(c, m, 2)
	}
	for id, want := range map[uint32]string{1: "b", 2: "a", 3: "b"} {
		if r := w.pictures[id]; r.State != Scored || r.Detector != want {
			t.Errorf("picture %d: %v by %s, want %s", id, r.State, r.Detector, want)
		}
	}
}

func TestNewModelOfTheSameNameScoresAnew(t *testing.T) {
	w, c := ready(t, plain("a"))
	w.s.Add(1, "")
	w.prepare(small)
	w.answer(c, w.crops(c)[0], 1)
	w.s.Add(2, "")
	w.prepare(small)
	stale := w.crops(c)[0]
	d := plain("a")
	d.Generation, d.Model = 2, "better"
	w.say(c, d)
	w.say(c, wire.Error{Request: stale.Request, Code: wire.CodeStale, Text: "stale"})
	w.prepare(small)
	w.prepare(small)
	crops := w.crops(c)
	if len(crops) != 2 || crops[0].Generation != 2 {
		t.Fatalf("%d crops", len(crops))
	}
	for _, m := range crops {
		w.answer(c, m, 3)
	}
	for id := range uint32(2) {
		if r := w.pictures[id+1]; r.State != Scored || r.Model != "better" || r.Score != 3 {
			t.Errorf("%+v", r)
		}
	}
}

func TestPicturesWaitForTheFirstDetector(t *testing.T) {
	w := newWorld(t)
	w.s.Start()
	c := w.accept() // the demo's are still being fitted
	w.s.Add(1, "")
	w.say(c, wire.Progress{What: "fitting", Done: 1, Total: 2})
	if len(w.todo) != 0 || w.pictures[1].State != Waiting || len(w.progress) != 1 {
		t.Fatal("a picture was prepared for no detector")
	}
	w.say(c, plain("a"))
	w.opened(c, plain("a"))
	w.say(c, plain("b")) // listed, not opened
	if w.open != "a" || len(w.detectors) != 2 || len(c.take()) != 0 {
		t.Errorf("open %q of %d", w.open, len(w.detectors))
	}
	w.prepare(small)
	w.answer(c, w.crops(c)[0], 1)
	if w.pictures[1].State != Scored {
		t.Errorf("%+v", w.pictures[1])
	}
}

// A picture chosen from the demo waits for its own detector, whichever is
// ready first.
func TestChosenDetectorIsOpenedWhenItComes(t *testing.T) {
	w := newWorld(t)
	w.s.Start()
	c := w.accept()
	w.s.Choose("b")
	w.s.Add(1, "b")
	w.say(c, plain("a"))
	w.opened(c, plain("a"))
	if len(w.todo) != 0 {
		t.Fatal("the picture was prepared for another detector")
	}
	w.say(c, plain("b"))
	w.opened(c, plain("b"))
	w.prepare(small)
	w.answer(c, w.crops(c)[0], 1)
	if r := w.pictures[1]; r.State != Scored || r.Detector != "b" || w.open != "b" {
		t.Errorf("%+v", r)
	}
}

func TestMissingDetectorGivesWayToAnother(t *testing.T) {
	w := newWorld(t)
	w.s.Start()
	w.s.Choose("a")
	c := w.accept(plain("a"), plain("b"))
	m := c.take()[0].(wire.Open)
	w.say(c, wire.Error{Request: m.Request, Code: wire.CodeNotFound, Text: "gone"})
	w.opened(c, plain("b"))
	if w.open != "b" || len(w.detectors) != 1 {
		t.Errorf("open %q of %d", w.open, len(w.detectors))
	}
}

func TestRemovedPictureIsWithdrawn(t *testing.T) {
	w, c := ready(t, plain("a"))
	w.s.Add(1, "")
	w.s.Add(2, "")
	w.prepare(small)
	m := w.crops(c)[0]
	w.s.Remove(1)
	sent := c.take()
	if len(sent) != 1 || sent[0] != (wire.Cancel{Request: m.Request}) {
		t.Fatalf("sent %#v", sent)
	}
	before := len(w.history[1])
	w.say(c, wire.Error{Request: m.Request, Code: wire.CodeCancelled, Text: "cancelled"})
	w.s.Remove(2) // while being prepared
	w.prepare(small)
	if len(w.crops(c)) != 0 || len(w.history[1]) != before || w.status.Unfinished != 0 {
		t.Error("a removed picture is still talked about")
	}
}

func TestFirstGoesFirst(t *testing.T) {
	w, c := ready(t, plain("a"))
	for id := range uint32(12) {
		w.s.Add(id+1, "")
	}
	w.s.First(11)
	var order []uint32
	for len(order) < 12 {
		for len(w.todo) > 0 {
			w.prepare(small)
		}
		for _, m := range w.crops(c) {
			order = append(order, m.Picture)
			w.answer(c, m, 1)
		}
	}
	if at := slices.Index(order, 11); at > 1 {
		t.Errorf("picture 11 came at %d: %v", at, order)
	}
}

// A page that was open while the server was updated says that it must be loaded again, however it finds out, and asks
// no more.
func TestOtherVersionEndsTheSession(t *testing.T) {
	hello := wire.Hello{Lowest: wire.Version, Highest: wire.Version, Window: 4, MaxFrame: 1 << 20}
	newer := hello.Append(nil)
	newer[0]++
	older := hello.Append(nil)
	older[0]--
	narrow := hello
	narrow.Lowest, narrow.Highest = wire.Version+1, wire.Version+2
	for what, message := range map[string][]byte{
		"a newer server": newer, "an older server": older, "a server that says so": narrow.Append(nil),
		"a server that was asked": wire.Error{Code: wire.CodeVersion, Text: "another version"}.Append(nil),
	} {
		w := newWorld(t)
		w.s.Start()
		c := &fakeSocket{number: w.dials[0]}
		w.s.Opened(c.number, c)
		w.s.Received(c.number, message)
		if w.status.State != LinkRefused || !c.closed || w.status.Reason != "The server was updated. Reload this page to go on." {
			t.Errorf("%s: %+v", what, w.status)
		}
		w.pass(60 * second)
		if len(w.dials) != 1 {
			t.Errorf("%s: dialled again", what)
		}
	}
}

func TestGarbageFromTheServerEndsTheConnection(t *testing.T) {
	w, c := ready(t, plain("a"))
	w.s.Received(c.number, []byte{wire.Version, 0x7e, 0, 0, 0, 0, 0, 0}) // an unknown type is passed over
	if w.status.State != LinkOpen {
		t.Fatal("an unknown type ended the connection")
	}
	w.s.Received(c.number, []byte{wire.Version, 0x83, 0, 0, 1})
	if w.status.State != LinkLost || !c.closed {
		t.Errorf("%+v", w.status)
	}
}

func TestSocketThatFailsWhileSending(t *testing.T) {
	w, c := ready(t, plain("a"))
	w.s.Add(1, "")
	c.fail = true
	w.prepare(small)
	if w.status.State != LinkLost {
		t.Fatalf("%+v", w.status)
	}
	w.pass(second)
	c = w.accept(plain("a"))
	w.opened(c, plain("a"))
	if n := len(w.crops(c)); n != 1 {
		t.Errorf("%d crops on the new connection", n)
	}
}
