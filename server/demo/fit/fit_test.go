package fit

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"semirest/server/demo"
	"semirest/server/detect"
	"semirest/server/loop/looptest"
)

// small are detectors with a smaller input and fewer pictures, each fitted within a second or two.
func small(t *testing.T, dir string) (d Detectors, logs *bytes.Buffer) {
	t.Helper()
	looptest.Library(t)
	settings, err := Settings("test")
	if err != nil {
		t.Fatal(err)
	}
	settings.Ref, settings.BankRows = 256, 300
	logs = new(bytes.Buffer)
	return Detectors{Dir: dir, Settings: settings, Pictures: 4, Log: slog.New(slog.NewTextHandler(logs, nil)),
		Show: func(demo.Surface, *detect.Model, string) error { return nil }}, logs
}

// TestFittedOnce fits, finds what was kept at the next start, and fits anew what was damaged.
func TestFittedOnce(t *testing.T) {
	d, logs := small(t, t.TempDir())
	var shown []string
	d.Show = func(s demo.Surface, m *detect.Model, file string) error {
		shown = append(shown, s.Name)
		if file != d.file(s) || m.Input.W != 256 {
			t.Errorf("%s: file %q, input %v", s.Name, file, m.Input)
		}
		return nil
	}
	told := map[string][]Progress{}
	d.Tell = func(s demo.Surface, p Progress) { told[s.Name] = append(told[s.Name], p) }
	missing := d.Load()
	if len(missing) != 2 || len(shown) != 0 {
		t.Fatalf("missing %v, shown %v", missing, shown)
	}
	d.Fit(t.Context(), missing)
	if !slices.Equal(shown, []string{"brushed-metal", "woven-cloth"}) {
		t.Errorf("shown %v", shown)
	}
	for name, list := range told {
		last := list[len(list)-1]
		if len(list) < 5 || list[0] != (Progress{}) || !last.Ended || last.Err != nil {
			t.Errorf("%s: told %v", name, list)
		}
	}
	if missing := d.Load(); len(missing) != 0 || len(shown) != 4 {
		t.Errorf("at the next start %v is missing, %v were shown", missing, shown)
	}
	cloth, _ := demo.Find("woven-cloth")
	if err := os.Truncate(d.file(cloth), 1000); err != nil {
		t.Fatal(err)
	}
	missing = d.Load()
	if len(missing) != 1 || missing[0].Name != cloth.Name || !strings.Contains(logs.String(), "fitted anew") {
		t.Fatalf("of a damaged file: missing %v, log %s", missing, logs)
	}
	d.Fit(t.Context(), missing)
	if _, err := detect.Load(d.file(cloth)); err != nil {
		t.Errorf("the damaged model was not replaced: %v", err)
	}
}

// TestShownThoughItCannotBeSaved has a file where the folder should be.
func TestShownThoughItCannotBeSaved(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d, logs := small(t, filepath.Join(file, "demo"))
	shown := 0
	d.Show = func(_ demo.Surface, _ *detect.Model, file string) error {
		shown++
		if file != "" {
			t.Errorf("shown with file %q", file)
		}
		return nil
	}
	d.Fit(t.Context(), demo.Surfaces()[:1])
	if shown != 1 || !strings.Contains(logs.String(), "could not be saved") {
		t.Errorf("%d shown, log %s", shown, logs)
	}
}

// TestAFailureIsTold has one detector that nobody can show, and one that panics; a stop is no failure.
func TestAFailureIsTold(t *testing.T) {
	d, _ := small(t, t.TempDir())
	d.Show = func(s demo.Surface, _ *detect.Model, _ string) error {
		if s.Name == "woven-cloth" {
			panic("a hole")
		}
		return errors.New("no room")
	}
	last := map[string]Progress{}
	d.Tell = func(s demo.Surface, p Progress) { last[s.Name] = p }
	d.Fit(t.Context(), demo.Surfaces())
	for name, want := range map[string]string{"brushed-metal": "no room", "woven-cloth": "a hole"} {
		if p := last[name]; !p.Ended || p.Err == nil || !strings.Contains(p.Err.Error(), want) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	d.Tell = func(s demo.Surface, p Progress) {
		if p.Percent > 0 {
			stop()
		}
		if p.Ended {
			t.Errorf("%s: %+v after the stop", s.Name, p)
		}
	}
	d.Fit(ctx, demo.Surfaces())
}

func TestProgressGrows(t *testing.T) {
	last := -1
	for _, stage := range []detect.Stage{detect.StageFeatures, detect.StageCoreset, detect.StageThreshold} {
		for i := range 11 {
			p := progress(detect.Progress{Stage: stage, Done: i, Total: 10}, time.Second)
			if p.Percent < last || p.Percent > 100 {
				t.Errorf("%s %d: %d after %d", stage, i, p.Percent, last)
			}
			last = p.Percent
		}
	}
	if last != 100 {
		t.Errorf("ends at %d", last)
	}
}
