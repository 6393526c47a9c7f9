package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"semirest/server/bench"
)

// TestBenchMeasures runs the whole of bench, briefly, on a small model.
func TestBenchMeasures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "small.safetensors")
	smallModel(t, path)
	var out, log bytes.Buffer
	run := func(args ...string) error {
		cmd := newBenchCmd()
		cmd.SetArgs(args)
		cmd.SetOut(&out)
		cmd.SetErr(&log)
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		return cmd.ExecuteContext(t.Context())
	}
	if err := run("--model", path, "--runs", "2", "--clients", "3", "--rate", "20", "--seconds", "0.5", "--json"); err != nil {
		t.Fatal(err)
	}
	var r bench.Result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Stages) != 3 || r.Stages[2].Median <= 0 || r.Stages[2].P90 < r.Stages[2].P10 || len(r.Batches) != 4 {
		t.Errorf("stages %+v, batches %+v", r.Stages, r.Batches)
	}
	if r.Stream == nil || r.Stream.Errors != 0 || r.Stream.Crops < 10 || r.Stream.P95 <= 0 {
		t.Errorf("stream %+v", r.Stream)
	}
	out.Reset()
	r.Print(&out)
	for _, want := range []string{"pixels to block scores", "4 at a time", "0 errors", "p95"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, &out)
		}
	}
	for _, args := range [][]string{{"--runs", "0"}, {"--rate", "-1"}, {"--clients", "-3"}, {"--model", "missing.safetensors"}} {
		if err := run(args...); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
