package meter

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"semirest/server/detect"
	"semirest/server/train"
)

func TestLeft(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Millisecond: "5 s left", 13 * time.Second: "15 s left", 54 * time.Second: "55 s left", 56 * time.Second: "1 min left",
		89 * time.Second: "1 min left", 59*time.Minute + 40*time.Second: "1 h 0 min left", 84 * time.Minute: "1 h 20 min left",
	} {
		if got := Left(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// Where out is no terminal a line a stage is written, with what is left of all stages; a stage that was broken off has
// none, and a note stands by itself.
func TestLines(t *testing.T) {
	var out bytes.Buffer
	m := New(&out)
	f := new(train.Forecast)
	f.Then(detect.StageFeatures, 1)
	f.Then(detect.StageCoreset, 200)
	f.Then(detect.StageThreshold, 1)
	m.Expect(f)
	m.Show("features", 0, 2)
	m.Show("features", 2, 2)
	m.Note("a note")
	m.Training(train.Progress{Stage: detect.StageCoreset, Total: 9})
	m.Show("threshold", 1, 1)
	m.Show("eval", 1, 3)
	m.Close()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := []string{`^features: \d+\.\d s; about \d+ (s|min) left$`, `^a note$`, `^coreset: \d+\.\d s; about \d+ (s|min) left$`, `^threshold: \d+\.\d s$`}
	if len(lines) != len(want) {
		t.Fatalf("%q", lines)
	}
	for i, line := range lines {
		if !regexp.MustCompile(want[i]).MatchString(line) {
			t.Errorf("%q, want %q", line, want[i])
		}
	}
}
