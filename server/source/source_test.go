package source

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"semirest/server/picture"
	"semirest/shared/prep"
)

// shot is a picture of one grey, as a JPEG file.
func shot(t testing.TB, grey uint8) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 64, 48))
	for i := range m.Pix {
		m.Pix[i] = grey
	}
	m.SetGray(3, 3, color.Gray{Y: 255 - grey})
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// greyOf is the grey in a picture's middle.
func greyOf(t testing.TB, data []byte) int {
	t.Helper()
	rgb, err := picture.Decode(data, prep.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return int(rgb.Pix[3*(rgb.W*(rgb.H/2)+rgb.W/2)])
}

// book keeps what was taken, as the line does.
type book struct {
	mu     sync.Mutex
	marks  map[string]bool
	frames []Frame
	came   chan struct{}
}

func newBook() *book { return &book{marks: map[string]bool{}, came: make(chan struct{}, 1000)} }

func (b *book) seen(_ context.Context, mark string) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.marks[mark], nil
}

func (b *book) take(_ context.Context, f Frame) error {
	b.mu.Lock()
	b.marks[f.Mark] = true
	b.frames = append(b.frames, f)
	b.mu.Unlock()
	b.came <- struct{}{}
	return nil
}

// names of the frames that were taken.
func (b *book) names() (list []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.frames {
		list = append(list, f.Name)
	}
	return list
}

// await waits until n more frames came.
func (b *book) await(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-b.came:
		case <-time.After(30 * time.Second):
			t.Fatalf("only %d frames came", len(b.names()))
		}
	}
}

// watch runs a watch until the test ends.
func watch(t *testing.T, s Spec, b *book) *Watch {
	t.Helper()
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	w := NewWatch(s, false, b.seen, b.take)
	w.shortly = 10 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { w.Run(ctx); close(ended) }()
	t.Cleanup(func() { stop(); <-ended })
	return w
}

// until waits for the source to be in a state.
func until(t *testing.T, w *Watch, state State) Status {
	t.Helper()
	for range 3000 {
		if s := w.Status(); s.State == state {
			return s
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it is %+v, not %s", w.Status(), state)
	return Status{}
}

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFolderGivesEachFileOnce(t *testing.T) {
	dir, b := t.TempDir(), newBook()
	put(t, filepath.Join(dir, "a.jpg"), shot(t, 10))
	put(t, filepath.Join(dir, "shift 2", "b.jpg"), shot(t, 20))
	put(t, filepath.Join(dir, "notes.txt"), []byte("no picture"))
	w := watch(t, Spec{Name: "line", Address: dir}, b)
	b.await(t, 2)
	put(t, filepath.Join(dir, "c.jpg"), shot(t, 30))
	b.await(t, 1)
	// The same name with another picture is another picture.
	put(t, filepath.Join(dir, "a.jpg"), append(shot(t, 40), 0))
	b.await(t, 1)
	if got := b.names(); !slices.Equal(got, []string{"a.jpg", "shift 2/b.jpg", "c.jpg", "a.jpg"}) {
		t.Errorf("taken: %q", got)
	}
	// Paused, it takes nothing; what came meanwhile is taken afterwards.
	w.Pause(true)
	until(t, w, Paused)
	put(t, filepath.Join(dir, "d.jpg"), shot(t, 50))
	time.Sleep(3 * looks)
	if n := len(b.names()); n != 4 {
		t.Errorf("%d pictures while it was paused", n-4)
	}
	w.Pause(false)
	b.await(t, 1)
	// Another watch, as after a restart, finds nothing new.
	again := watch(t, Spec{Name: "line", Address: dir}, b)
	until(t, again, Running)
	put(t, filepath.Join(dir, "e.jpg"), shot(t, 60))
	w.Pause(true)
	b.await(t, 1)
	if got := b.names(); len(got) != 6 || got[5] != "e.jpg" {
		t.Errorf("taken: %q", got)
	}
}

func TestAFolderThatGoesIsWaitedFor(t *testing.T) {
	dir, b := filepath.Join(t.TempDir(), "share"), newBook()
	put(t, filepath.Join(dir, "a.jpg"), shot(t, 10))
	w := watch(t, Spec{Name: "line", Address: dir}, b)
	b.await(t, 1)
	if err := os.Rename(dir, dir+" away"); err != nil {
		t.Fatal(err)
	}
	if s := until(t, w, Waiting); !strings.Contains(s.Error, "share") {
		t.Errorf("it says %q", s.Error)
	}
	if err := os.Rename(dir+" away", dir); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "b.jpg"), shot(t, 20))
	b.await(t, 1)
	if got := b.names(); !slices.Equal(got, []string{"a.jpg", "b.jpg"}) {
		t.Errorf("taken: %q", got)
	}
}

// A file that is still being written is not taken before it is whole.
func TestFolderWaitsForWholeFiles(t *testing.T) {
	dir, b := t.TempDir(), newBook()
	watch(t, Spec{Name: "line", Address: dir}, b)
	whole := shot(t, 77)
	f, err := os.Create(filepath.Join(dir, "slow.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		if _, err := f.Write(whole[i*len(whole)/8 : (i+1)*len(whole)/8]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(looks / 3)
	}
	f.Close()
	b.await(t, 1)
	if b.mu.Lock(); !bytes.Equal(b.frames[0].Data, whole) {
		t.Errorf("%d of %d bytes were taken", len(b.frames[0].Data), len(whole))
	}
	b.mu.Unlock()
}

// camera serves frames as they are given to it, and breaks its stream off where it gets an empty one.
func serveMJPEG(t *testing.T, boundary string, sized bool) (address string, frames chan []byte) {
	frames = make(chan []byte)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, pass, _ := r.BasicAuth(); name != "me" || pass != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary="+boundary)
		name := strings.TrimPrefix(boundary, "--")
		w.WriteHeader(http.StatusOK)
		fmt.Fprintf(w, "--%s\r\n", name)
		w.(http.Flusher).Flush()
		for {
			select {
			case data := <-frames:
				if len(data) == 0 {
					return
				}
				h := textproto.MIMEHeader{"Content-Type": {"image/jpeg"}}
				if sized {
					h.Set("Content-Length", fmt.Sprint(len(data)))
				}
				for _, k := range slices.Sorted(maps.Keys(h)) {
					fmt.Fprintf(w, "%s: %s\r\n", k, h.Get(k))
				}
				fmt.Fprintf(w, "\r\n%s", data)
				if sized {
					w.(http.Flusher).Flush() // the frame is whole before the next boundary comes
				}
				fmt.Fprintf(w, "\r\n--%s\r\n", name)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "http://", "http://me:secret@", 1) + "/stream", frames
}

func TestMJPEG(t *testing.T) {
	for _, c := range []struct {
		boundary string
		sized    bool
	}{{"frame", true}, {"--frame", true}, {"frame", false}} {
		t.Run(fmt.Sprintf("%s %v", c.boundary, c.sized), func(t *testing.T) {
			address, frames := serveMJPEG(t, c.boundary, c.sized)
			b := newBook()
			w := watch(t, Spec{Name: "camera", Address: address}, b)
			frames <- shot(t, 40)
			b.await(t, 1)
			frames <- nil // it breaks off, and is connected to again
			frames <- shot(t, 90)
			b.await(t, 1)
			if s := w.Status(); s.Errors != 1 || s.State != Running || s.Taken != 2 || s.Rate != 0.2 {
				t.Errorf("%+v", s)
			}
			if got := greyOf(t, w.Last()); got != 90 {
				t.Errorf("the last frame is of grey %d", got)
			}
		})
	}
}

func TestWrongCameras(t *testing.T) {
	address, _ := serveMJPEG(t, "x", true)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }))
	defer page.Close()
	for _, c := range []struct{ address, want string }{
		{strings.Replace(address, "secret", "wrong", 1), "401"},
		{page.URL, "not an MJPEG stream"},
		{"http://127.0.0.1:1/", "cannot be reached"},
		{"rtsp://127.0.0.1:1/x", "cannot be reached"},
	} {
		w := watch(t, Spec{Name: "camera", Address: c.address}, newBook())
		if s := until(t, w, Waiting); !strings.Contains(s.Error, c.want) || strings.Contains(s.Error, "wrong") {
			t.Errorf("%s: it says %q", c.address, s.Error)
		}
	}
	text := filepath.Join(t.TempDir(), "notes.txt")
	put(t, text, nil)
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Name: "a", Address: "ftp://x/y"}, "ftp://"},
		{Spec{Name: "a", Address: text}, "neither a folder nor a video"},
		{Spec{Name: "a", Address: filepath.Dir(text), Trigger: Post}, "for cameras"},
		{Spec{Name: "a", Address: "http://x", Trigger: Interval}, "interval"},
		{Spec{Name: "a", Address: "http://x", Trigger: "often"}, "often"},
		{Spec{Name: "a", Address: filepath.Join(text, "missing")}, "missing"},
		{Spec{Address: "http://x"}, "name"},
	} {
		if err := c.spec.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.spec, err)
		}
	}
}

func TestTriggers(t *testing.T) {
	t.Run("change", func(t *testing.T) {
		address, frames := serveMJPEG(t, "frame", true)
		b := newBook()
		watch(t, Spec{Name: "camera", Address: address, Trigger: Change}, b)
		for _, grey := range []uint8{40, 41, 42, 80} { // noise, then something new
			frames <- shot(t, grey)
			time.Sleep(50 * time.Millisecond) // each is looked at: none is dropped for the next
		}
		b.await(t, 2)
		if got := []int{greyOf(t, b.frames[0].Data), greyOf(t, b.frames[1].Data)}; !slices.Equal(got, []int{40, 80}) || len(b.names()) != 2 {
			t.Errorf("taken: %v of %d", got, len(b.names()))
		}
	})
	t.Run("post", func(t *testing.T) {
		address, frames := serveMJPEG(t, "frame", true)
		b := newBook()
		w := watch(t, Spec{Name: "camera", Address: address, Trigger: Post}, b)
		frames <- shot(t, 40)
		for w.Status().Last.IsZero() {
			time.Sleep(time.Millisecond)
		}
		if err := w.Trigger(); err != nil {
			t.Fatal(err)
		}
		frames <- shot(t, 50)
		b.await(t, 1)
		frames <- shot(t, 60)
		time.Sleep(50 * time.Millisecond)
		if got := greyOf(t, b.frames[0].Data); got != 50 || len(b.names()) != 1 {
			t.Errorf("taken: grey %d of %d", got, len(b.names()))
		}
		if err := watch(t, Spec{Name: "camera", Address: address}, b).Trigger(); err == nil {
			t.Error("a source that takes every frame was asked for one")
		}
	})
	t.Run("interval", func(t *testing.T) {
		w := NewWatch(Spec{Name: "c", Address: "http://x", Trigger: Interval, EveryMS: 100}, false, nil, nil)
		pick, at := w.picker(), time.Unix(100, 0)
		var got []int
		for i := range 10 {
			if pick(Frame{Time: at.Add(time.Duration(i) * 40 * time.Millisecond)}) {
				got = append(got, i)
			}
		}
		if !slices.Equal(got, []int{0, 3, 6, 9}) {
			t.Errorf("taken: %v", got)
		}
	})
}

// needFFmpeg skips where ffmpeg is missing, but on the check's machine.
func needFFmpeg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("ffmpeg is missing: install it")
		}
		t.Skip("no ffmpeg on this machine")
	}
}

// film makes a video of greys that change each second, at 5 frames a second.
func film(t *testing.T, path string, args ...string) {
	t.Helper()
	cmd := exec.Command("ffmpeg", append(append([]string{"-hide_banner", "-loglevel", "error",
		"-f", "lavfi", "-i", "color=0x202020:s=64x48:r=5:d=1", "-f", "lavfi", "-i", "color=0xa0a0a0:s=64x48:r=5:d=1",
		"-filter_complex", "concat=n=2", "-pix_fmt", "yuv420p"}, args...), path)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestVideo(t *testing.T) {
	needFFmpeg(t)
	path := filepath.Join(t.TempDir(), "part.mp4")
	film(t, path)
	b := newBook()
	w := watch(t, Spec{Name: "film", Address: path}, b)
	until(t, w, Ended)
	if n := len(b.names()); n != 10 {
		t.Fatalf("%d frames, not 10", n)
	}
	if first, last := greyOf(t, b.frames[0].Data), greyOf(t, b.frames[9].Data); first < 20 || first > 44 || last < 148 || last > 172 {
		t.Errorf("greys %d and %d, not about 32 and 160", first, last)
	}
	// After a restart no frame comes twice.
	until(t, watch(t, Spec{Name: "film", Address: path}, b), Ended)
	if n := len(b.names()); n != 10 {
		t.Errorf("%d frames after a restart", n)
	}
	some := newBook()
	until(t, watch(t, Spec{Name: "film", Address: path, Trigger: Interval, EveryMS: 500}, some), Ended)
	if n := len(some.names()); n != 4 {
		t.Errorf("%d frames of 2 seconds, two a second", n)
	}
	broken := filepath.Join(t.TempDir(), "broken.mp4")
	put(t, broken, []byte("this is no video"))
	if s := until(t, watch(t, Spec{Name: "film", Address: broken}, newBook()), Waiting); !strings.Contains(s.Error, "ffmpeg: ") {
		t.Errorf("it says %q", s.Error)
	}
}

func TestWithoutFFmpeg(t *testing.T) {
	path := filepath.Join(t.TempDir(), "part.mp4")
	put(t, path, []byte("a video"))
	t.Setenv("PATH", t.TempDir())
	if s := until(t, watch(t, Spec{Name: "film", Address: path}, newBook()), Waiting); s.Error != errNoFFmpeg.Error() {
		t.Errorf("it says %q", s.Error)
	}
}
