package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"semirest/server/demo"
	"semirest/server/demo/fit"
	"semirest/server/detect"
	"semirest/server/loop/looptest"
	"semirest/server/web"
	"semirest/shared/prep"
)

// smallFit is the demonstration with a smaller input and fewer pictures, fitted within a second or two.
func smallFit(t *testing.T, dir string, logs io.Writer) fit.Detectors {
	t.Helper()
	looptest.Library(t)
	settings, err := fit.Settings("test")
	if err != nil {
		t.Fatal(err)
	}
	settings.Ref, settings.BankRows = 256, 1000
	return fit.Detectors{Dir: dir, Settings: settings, Pictures: 16, Log: slog.New(slog.NewTextHandler(logs, nil))}
}

// smallModel saves a model of a surface, fitted on four pictures.
func smallModel(t *testing.T, path string) {
	t.Helper()
	s, _ := demo.Find("brushed-metal")
	m, err := detect.Fit(t.Context(), smallFit(t, "", io.Discard).Settings, fit.Pictures{Surface: s, Count: 4}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
}

// runDemonstration serves it from dir, with every detector there.
func runDemonstration(t *testing.T, dir string) (url string) {
	t.Helper()
	logs := new(lockedBuffer)
	server, err := web.New(web.Config{Decode: decodePicture, Gallery: gallery{demo.NewGallery()}, Log: slog.New(slog.NewTextHandler(logs, nil))})
	if err != nil {
		t.Fatal(err)
	}
	d := demonstration(server, smallFit(t, dir, logs))
	d.Fit(t.Context(), d.Load())
	h := httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Stop(ctx); err != nil {
			t.Error(err)
		}
		h.Close()
	})
	return h.URL
}

// lockedBuffer is a log that several goroutines write and the test reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func fetch(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v %s", url, resp.StatusCode, err, b)
	}
	return b
}

type scored struct {
	Verdict string  `json:"verdict"`
	Score   float64 `json:"score"`
	Hottest struct{ X0, Y0, X1, Y1 float64 }
}

func upload(t *testing.T, url string, data []byte) scored {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("picture", "p.png")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url, w.FormDataContentType(), &b)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%d %v %s", resp.StatusCode, err, text)
	}
	var s scored
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTheDemonstrationFindsItsDefects goes the whole way: pictures drawn, detectors fitted, every picture of the gallery
// fetched and uploaded as a stranger would, and its hottest block looked up in the ground truth. Then the server starts
// again on what it saved.
func TestTheDemonstrationFindsItsDefects(t *testing.T) {
	dir := t.TempDir()
	url := runDemonstration(t, dir)
	var list struct {
		Pictures []struct{ Name, Detector, Kind, Image, Mask string }
	}
	if err := json.Unmarshal(fetch(t, url+"/api/v1/demo/pictures"), &list); err != nil {
		t.Fatal(err)
	}
	falseAlarms := 0
	for _, p := range list.Pictures {
		got := upload(t, url+"/api/v1/score?detector="+p.Detector, fetch(t, url+p.Image))
		if p.Kind == demo.Good {
			if got.Verdict != "normal" {
				falseAlarms++
			}
			continue
		}
		if got.Verdict != "anomalous" || got.Score < 1.3 {
			t.Errorf("%s: %s, score %.2f", p.Name, got.Verdict, got.Score)
		}
		if share := maskShare(t, fetch(t, url+p.Mask), got); share == 0 {
			t.Errorf("%s: the hottest block, %+v, lies outside the defect", p.Name, got.Hottest)
		}
	}
	// 8 good pictures and a threshold from 4 held-out ones a surface: it is rough.
	if falseAlarms > 2 {
		t.Errorf("%d of 8 good pictures are called anomalous", falseAlarms)
	}

	again := runDemonstration(t, dir)
	before, after := fetch(t, url+"/api/v1/detectors/woven-cloth"), fetch(t, again+"/api/v1/detectors/woven-cloth")
	var a, b struct{ Model string }
	if json.Unmarshal(before, &a) != nil || json.Unmarshal(after, &b) != nil || a.Model == "" || a.Model != b.Model {
		t.Errorf("another model after a restart: %s, %s", before, after)
	}
}

// maskShare is how much of the hottest block the picture's ground truth covers.
func maskShare(t *testing.T, mask []byte, got scored) float64 {
	t.Helper()
	_, rgb, err := decodePicture(mask, prep.DefaultLimits, 0)
	if err != nil {
		t.Fatal(err)
	}
	inside, all := 0, 0
	for y := int(got.Hottest.Y0); y < int(got.Hottest.Y1+0.5); y++ {
		for x := int(got.Hottest.X0); x < int(got.Hottest.X1+0.5); x++ {
			all++
			if rgb[3*(y*demo.Side+x)] != 0 {
				inside++
			}
		}
	}
	return float64(inside) / float64(all)
}

func TestServeSaysWhatIsWrong(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	text := filepath.Join(t.TempDir(), "text.safetensors")
	if err := os.WriteFile(text, []byte("This is not a model.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a port in use":     {[]string{"--addr", taken.Addr().String()}, "choose another address with --addr"},
		"no address":        {[]string{"--addr", "nonsense"}, "--addr nonsense"},
		"no such model":     {[]string{"--model", "missing.safetensors"}, "missing.safetensors"},
		"a text for model":  {[]string{"--model", text}, text},
		"two of one name":   {[]string{"--model", "a=" + text, "--model", "a=" + text}, text},
		"no such library":   {[]string{"--ort-lib", "/nowhere/libonnxruntime.so"}, "/nowhere/libonnxruntime.so"},
		"a bad log level":   {[]string{"--log-level", "loud"}, "debug, info, warn or error"},
		"a bad origin":      {[]string{"--allow-origin", "*", "--addr", "127.0.0.1:0"}, "https://name"},
		"an empty queue":    {[]string{"--queue", "0"}, "--queue"},
		"no requests":       {[]string{"--user-requests", "0"}, "--user-requests"},
		"no bytes":          {[]string{"--user-gib", "NaN"}, "--user-gib"},
		"a proxy":           {[]string{"--trust-proxy", "the front door"}, "--trust-proxy"},
		"a limit of pixels": {[]string{"--max-pixels", "-1"}, "--max-pixels"},
	} {
		cmd := newServeCmd()
		cmd.SetArgs(append(c.args, "--data-dir", t.TempDir()))
		cmd.SetOut(io.Discard)
		cmd.SetErr(io.Discard)
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		err := cmd.ExecuteContext(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want a word of %q", name, err, c.want)
		}
	}
}

// TestServeStartsAndStops runs the command as a user does, with a model of its own.
func TestServeStartsAndStops(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	path := filepath.Join(t.TempDir(), "metal=1.safetensors")
	smallModel(t, path)
	ctx, stop := context.WithCancel(t.Context())
	out, done := new(lockedBuffer), make(chan error, 1)
	cmd := newServeCmd()
	cmd.SetArgs([]string{"--model", path, "--model", "named=" + path, "--addr", "127.0.0.1:0", "--log-level", "error"})
	cmd.SetOut(out)
	cmd.SetErr(out)
	go func() { done <- cmd.ExecuteContext(ctx) }()
	var url string
	for end := time.Now().Add(10 * time.Second); url == "" && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, after, ok := strings.Cut(out.String(), "SemiREST is at "); ok && strings.Contains(after, "\n") {
			url, _, _ = strings.Cut(after, "\n")
		}
	}
	var list struct {
		Detectors []struct{ Name string }
	}
	if err := json.Unmarshal(fetch(t, url+"/api/v1/detectors"), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Detectors) != 2 || list.Detectors[0].Name != "metal=1" || list.Detectors[1].Name != "named" {
		t.Errorf("detectors %+v", list)
	}
	fetch(t, url+"/readyz")
	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it did not stop")
	}
}
