package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"semirest/server/project"
	"semirest/server/verdict"
)

func open(t *testing.T, dir string) *Journal {
	t.Helper()
	j, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// record writes the frame number n down, n hours after noon, with a picture of 1000 bytes.
func record(t *testing.T, j *Journal, n int, score float64) {
	t.Helper()
	v := verdict.Verdict{
		ID: fmt.Sprintf("%032d", n), Source: "in", Image: fmt.Sprint(n), Model: "cloth", Version: "1", Time: noon.Add(time.Duration(n) * time.Hour),
		Score: score, Defect: score >= 1, Rows: 1, Cols: 2, Blocks: []float32{float32(score), 0},
	}
	if err := j.Record(t.Context(), Entry{Verdict: v, Mark: fmt.Sprint("m", n), Picture: make([]byte, 1000), Ending: ".png", Thumb: []byte("small")}); err != nil {
		t.Fatal(err)
	}
}

func TestRecordIsOnce(t *testing.T) {
	j := open(t, t.TempDir())
	record(t, j, 1, 1.5)
	record(t, j, 1, 0.5) // the same frame again
	k, err := j.Find(t.Context(), fmt.Sprintf("%032d", 1))
	if err != nil || !k.Defect || len(k.Blocks) != 2 || k.Blocks[0] != 1.5 || !k.Time.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v, %v", k, err)
	}
	for mark, want := range map[string]bool{"m1": true, "m2": false} {
		if seen, err := j.Seen(t.Context(), "in", mark); err != nil || seen != want {
			t.Errorf("%s: seen %v, %v", mark, seen, err)
		}
	}
	if _, err := j.Find(t.Context(), "nothing"); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	record(t, j, 0, 0.5)
	if err := j.Put(t.Context(), Sinks, "hook", "{}"); err != nil {
		t.Fatal(err)
	}
	for n := 1; n < 6; n++ {
		record(t, j, n, 0.5)
	}
	left := func() (verdicts, pictures int) {
		list, err := j.List(t.Context(), Filter{})
		if err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(filepath.Join(dir, "pictures"))
		if err != nil {
			t.Fatal(err)
		}
		return len(list), len(files)
	}
	sweep := func(from time.Time, limit int64) {
		t.Helper()
		if err := j.Sweep(t.Context(), from, limit); err != nil {
			t.Fatal(err)
		}
	}
	// Number 0 came before anybody was to be told; the others wait.
	sweep(noon.AddDate(0, 0, 1), 0)
	if v, p := left(); v != 5 || p != 5 {
		t.Errorf("what a sink waits for: %d verdicts and %d pictures stay", v, p)
	}
	if err := j.Remove(t.Context(), Sinks, "hook"); err != nil {
		t.Fatal(err)
	}
	sweep(noon, 3000) // room for two of a little over 1000 bytes
	if v, p := left(); v != 5 || p != 2 {
		t.Errorf("beyond the room for two: %d verdicts and %d pictures stay", v, p)
	}
	sweep(noon.Add(4*time.Hour), 1<<30)
	if v, p := left(); v != 2 || p != 2 {
		t.Errorf("of the last hours: %d verdicts and %d pictures stay", v, p)
	}
	if seen, err := j.Seen(t.Context(), "in", "m0"); err != nil || !seen {
		t.Errorf("what is forgotten would be taken again: %v", err)
	}
	// A picture whose row was never written goes at the next start.
	if err := os.WriteFile(filepath.Join(dir, "pictures", "stray.png"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_ = j.Close()
	j = open(t, dir)
	if _, p := left(); p != 2 {
		t.Errorf("%d pictures after a start", p)
	}
}

func TestCountsAndMedians(t *testing.T) {
	j := open(t, t.TempDir())
	for n, score := range []float64{0.2, 0.4, 0.3, 1.2, 0.6, 0.8, 0.7} {
		record(t, j, n, score)
	}
	counts, err := j.Counts(t.Context(), Filter{From: noon, To: noon.Add(8 * time.Hour)}, 4*time.Hour)
	if err != nil || len(counts) != 2 || counts[0] != (Count{noon, 3, 1, 0, 1.2, 0.3}) || counts[1] != (Count{noon.Add(4 * time.Hour), 3, 0, 0, 0.8, 0.7}) {
		t.Errorf("%+v, %v", counts, err)
	}
	first, last, n, err := j.Medians(t.Context(), "cloth", "1", 3)
	if err != nil || first != 0.3 || last != 0.7 || n != 6 {
		t.Errorf("%v and %v of %d, %v", first, last, n, err)
	}
	if _, _, n, err := j.Medians(t.Context(), "cloth", "2", 3); err != nil || n != 0 {
		t.Errorf("another model has %d, %v", n, err)
	}
	list, err := j.List(t.Context(), Filter{Word: "normal", Before: fmt.Sprintf("%032d", 5), Limit: 2})
	if err != nil || len(list) != 2 || list[0].Image != "4" || list[1].Image != "2" {
		t.Errorf("%+v, %v", list, err)
	}
}
