package line

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"semirest/server/picture"
	"semirest/server/project"
	"semirest/server/sink"
	"semirest/server/source"
	"semirest/server/store/journal"
	"semirest/server/verdict"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// greys scores a picture by the grey of its first pixel, 100 being the threshold.
type greys struct{ fail error }

func (g greys) Score(_ context.Context, detector string, data []byte) (verdict.Verdict, picture.RGB, error) {
	rgb, err := picture.Decode(data, prep.DefaultLimits)
	if err == nil {
		err = g.fail
	}
	if err != nil {
		return verdict.Verdict{}, rgb, err
	}
	s := block.NewScores(block.For(16, 16, 8))
	s.Values[0] = float32(rgb.Pix[0]) / 100
	v := verdict.Of(s, rgb.Size)
	v.Model, v.Version = detector, "1"
	return v, rgb, nil
}

func grey(t testing.TB, v uint8) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 16, 16))
	for i := range m.Pix {
		m.Pix[i] = v
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func put(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// start opens a line that is closed when the test ends, or by the returned function.
func start(t *testing.T, dir string, s Scorer) (*Line, func()) {
	t.Helper()
	l, err := Open(t.Context(), dir, s, Keep{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	l.first = 10 * time.Millisecond
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	end := func() {
		once.Do(func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(end)
	return l, end
}

// eventually waits for something to become true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 2000 {
		if is() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("it never came to be that %s", what)
}

func waits(t *testing.T, l *Line, sink string) journal.Queue {
	t.Helper()
	q, err := l.Journal.Queue(t.Context(), sink)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// hook is a webhook that takes nothing in while it is down.
type hook struct {
	*httptest.Server
	mu   sync.Mutex
	down bool
	got  []verdict.Verdict
}

func newHook(t *testing.T, down bool) *hook {
	h := &hook{down: down}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.down {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		var v verdict.Verdict
		if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
			t.Error(err)
		}
		h.got = append(h.got, v)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) set(down bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = down
}

func (h *hook) all() []verdict.Verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got
}

func TestAWebhookThatIsDownLosesNothing(t *testing.T) {
	dir, in := t.TempDir(), t.TempDir()
	h := newHook(t, true)
	l, end := start(t, dir, greys{})
	// The clock of what is late is the test's.
	var clock sync.Mutex
	at := time.Now()
	l.now = func() time.Time { clock.Lock(); defer clock.Unlock(); return at }
	if err := l.AddSink(t.Context(), sink.Spec{Name: "hook", Address: h.URL}); err != nil {
		t.Fatal(err)
	}
	if err := l.AddSource(t.Context(), Source{Spec: source.Spec{Name: "in", Address: in}, Detector: "cloth"}); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		put(t, filepath.Join(in, fmt.Sprintf("%02d.png", i)), grey(t, uint8(90+i)))
	}
	put(t, filepath.Join(in, "99.png"), []byte("no picture"))
	eventually(t, "21 verdicts wait", func() bool { return waits(t, l, "hook").Verdicts == 21 })
	sinks, err := l.Sinks(t.Context())
	if err != nil || len(sinks) != 1 || sinks[0].Status.State != "waiting" || !strings.Contains(sinks[0].Status.Error, "502") || sinks[0].Queue.Lost != 0 {
		t.Errorf("%+v, %v", sinks, err)
	}
	// Half a minute later, and after a restart, it is told of all, in their order, late.
	end()
	l, err = Open(t.Context(), dir, greys{}, Keep{}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	l.first, l.now = 10*time.Millisecond, func() time.Time { return time.Now().Add(30 * time.Second) }
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h.set(false)
	eventually(t, "nothing waits", func() bool { return waits(t, l, "hook").Verdicts == 0 })
	got := h.all()
	if len(got) != 21 {
		t.Fatalf("told of %d", len(got))
	}
	ids := map[string]bool{}
	for i, v := range got {
		ids[v.ID] = true
		want := fmt.Sprintf("%02d.png", i)
		if i == 20 {
			want = "99.png"
		}
		if v.Image != want || !v.Late || v.Model != "cloth" || v.Source != "in" || (i < 20 && v.Defect != (i >= 10)) {
			t.Errorf("%d: %+v", i, v)
		}
	}
	if len(ids) != 21 || got[20].Error != "not a picture (JPEG, PNG, WebP, BMP or TIFF)" {
		t.Errorf("%d ids, the last %+v", len(ids), got[20])
	}
}

func TestASinksLimitOnTheDisk(t *testing.T) {
	in, dir := t.TempDir(), t.TempDir()
	h := newHook(t, true)
	l, end := start(t, dir, greys{})
	if err := l.AddSink(t.Context(), sink.Spec{Name: "hook", Address: h.URL}); err != nil {
		t.Fatal(err)
	}
	if err := l.AddSource(t.Context(), Source{Spec: source.Spec{Name: "in", Address: in}}); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		put(t, filepath.Join(in, fmt.Sprintf("%d.png", i)), grey(t, 50))
	}
	eventually(t, "10 wait", func() bool { return waits(t, l, "hook").Verdicts == 10 })
	all := waits(t, l, "hook").Bytes
	end()
	j, err := journal.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ limit, lost int64 }{{all, 0}, {all - 1, 1}, {all - 1, 0}} {
		if lost, err := j.Bound(t.Context(), "hook", c.limit); err != nil || lost != c.lost {
			t.Errorf("%d of %d bytes: %d lost, %v", c.limit, all, lost, err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	h.set(false)
	l, _ = start(t, dir, greys{})
	eventually(t, "nothing waits", func() bool { return waits(t, l, "hook").Verdicts == 0 })
	if got := h.all(); len(got) != 9 || got[0].Image != "1.png" || waits(t, l, "hook").Lost != 1 {
		t.Errorf("told of %d, first %s: the oldest goes", len(got), got[0].Image)
	}
}

// A detector that is not there yet makes a source wait; nothing is passed over.
func TestASourceWaitsForItsDetector(t *testing.T) {
	in, dir := t.TempDir(), t.TempDir()
	l, end := start(t, dir, greys{fail: errors.New("there is no detector cloth")})
	put(t, filepath.Join(in, "a.png"), grey(t, 120))
	if err := l.AddSource(t.Context(), Source{Spec: source.Spec{Name: "in", Address: in}, Detector: "cloth"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it says so", func() bool { return strings.Contains(l.Sources()[0].Status.Error, "no detector cloth") })
	end()
	l, _ = start(t, dir, greys{})
	eventually(t, "it is scored", func() bool {
		list, err := l.Journal.List(t.Context(), journal.Filter{})
		return err == nil && len(list) == 1 && list[0].Defect && list[0].Thumb && list[0].Picture != ""
	})
}

func TestSourcesAreKept(t *testing.T) {
	in, dir := t.TempDir(), t.TempDir()
	l, end := start(t, dir, greys{})
	s := Source{Spec: source.Spec{Name: "in", Address: in}, Detector: "cloth"}
	if err := l.AddSource(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := l.AddSource(t.Context(), s); !errors.Is(err, project.ErrExists) {
		t.Errorf("twice: %v", err)
	}
	if err := l.AddSource(t.Context(), Source{Spec: source.Spec{Name: "x", Address: in + "/missing"}}); !errors.Is(err, project.ErrInvalid) {
		t.Errorf("a folder that is not there: %v", err)
	}
	if err := l.PauseSource(t.Context(), "in", true); err != nil {
		t.Fatal(err)
	}
	if err := l.AddSource(t.Context(), Source{Spec: source.Spec{Name: "camera", Address: "http://me:secret@127.0.0.1:1/"}}); err != nil {
		t.Fatal(err)
	}
	end()
	l, _ = start(t, dir, greys{})
	eventually(t, "it is paused", func() bool { return l.Sources()[1].Status.State == source.Paused })
	if list := l.Sources(); len(list) != 2 || list[0].Name != "camera" || strings.Contains(list[0].Address, "secret") || list[1].Kind != source.Folder {
		t.Errorf("%+v", list)
	}
	if err := l.RemoveSource(t.Context(), "camera"); err != nil || len(l.Sources()) != 1 {
		t.Errorf("%v", err)
	}
	for _, err := range []error{l.RemoveSource(t.Context(), "camera"), l.PauseSource(t.Context(), "camera", true), l.Trigger("camera")} {
		if !errors.Is(err, project.ErrNotFound) {
			t.Errorf("%v", err)
		}
	}
	if err := l.Trigger("in"); !errors.Is(err, project.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

// inKilled are the folders of TestKilled's other process, which watches until it is killed.
const inKilled = "SEMIREST_TEST_LINE"

func TestMain(m *testing.M) {
	if where := os.Getenv(inKilled); where != "" {
		parts := strings.Split(where, "|")
		l, err := Open(context.Background(), parts[0], greys{}, Keep{}, quiet())
		if err == nil {
			err = l.Only(context.Background(), []Source{{Spec: source.Spec{Name: "in", Address: parts[1]}}}, []sink.Spec{
				{Name: "folder", Address: parts[2]}, {Name: "lines", Address: parts[2] + ".jsonl"}, {Name: "hook", Address: parts[3]},
			})
		}
		if err == nil {
			err = l.Start(context.Background())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		select {}
	}
	os.Exit(m.Run())
}

// inMemory is a folder in memory where the machine has one: how fast its disk syncs is not what is tested.
func inMemory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "semirest-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// A thousand files, and the process killed again and again: each has its verdict once in the folder, and at least once,
// under the same ID, with whoever else is told.
func TestKilled(t *testing.T) {
	const n = 1000
	dir := inMemory(t)
	in, out, state := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "state")
	for i := range n / 2 {
		put(t, filepath.Join(in, fmt.Sprintf("%04d.png", i)), grey(t, uint8(i%200)))
	}
	h := newHook(t, false)
	run := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), inKilled+"="+strings.Join([]string{state, in, out, h.URL}, "|"))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	verdicts := func() (list []string) {
		list, err := filepath.Glob(filepath.Join(out, "*", "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for _, until := range []int{1, 120, 400} {
		cmd := run()
		eventually(t, fmt.Sprint(until, " are told of"), func() bool { return len(verdicts()) >= until })
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	for i := n / 2; i < n; i++ {
		put(t, filepath.Join(in, fmt.Sprintf("%04d.png", i)), grey(t, uint8(i%200)))
	}
	cmd := run()
	lines := func() map[string]map[string]bool { // ids by picture
		ids := map[string]map[string]bool{}
		text, err := os.ReadFile(out + ".jsonl")
		if err != nil {
			return ids
		}
		for line := range bytes.Lines(text) {
			var v verdict.Verdict
			if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &v) != nil {
				continue
			}
			if ids[v.Image] == nil {
				ids[v.Image] = map[string]bool{}
			}
			ids[v.Image][v.ID] = true
		}
		return ids
	}
	hooked := func() map[string]map[string]bool {
		ids := map[string]map[string]bool{}
		for _, v := range h.all() {
			if ids[v.Image] == nil {
				ids[v.Image] = map[string]bool{}
			}
			ids[v.Image][v.ID] = true
		}
		return ids
	}
	eventually(t, "all are told of", func() bool { return len(verdicts()) == n && len(lines()) == n && len(hooked()) == n })
	time.Sleep(200 * time.Millisecond) // one more would come now
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	of := map[string]string{} // id by picture
	for _, path := range verdicts() {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var v verdict.Verdict
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if other, twice := of[v.Image]; twice {
			t.Errorf("%s has two verdicts, %s and %s", v.Image, other, v.ID)
		}
		of[v.Image] = v.ID
		for _, more := range []string{v.ID + ".png", v.Overlay} {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), more)); err != nil {
				t.Error(err)
			}
		}
	}
	if len(of) != n {
		t.Errorf("%d pictures have verdicts", len(of))
	}
	for _, told := range []map[string]map[string]bool{lines(), hooked()} {
		for picture, ids := range told {
			if len(ids) != 1 || !ids[of[picture]] {
				t.Errorf("%s was told of as %v, in the folder it is %s", picture, ids, of[picture])
			}
		}
	}
}
