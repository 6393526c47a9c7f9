package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"semirest/server/loop"
	"semirest/server/loop/looptest"
	"semirest/server/ort"
	"semirest/server/project"
	"semirest/server/report"
	"semirest/server/store"
	"semirest/server/train"
)

func TestReportCommand(t *testing.T) {
	looptest.Library(t)
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "report")
	p := fill(t, dir, 6, 2)
	if text := succeed(t, "report", "--projects", dir, "--project", p.Name, "--out", out); !strings.Contains(text, "Nothing was measured yet") {
		t.Errorf("a project without models: %s", text)
	}
	fails(t, 2, "no project is called", "report", "--projects", dir, "--project", "another", "--out", out)
	fails(t, 2, "--projects", "report", "--projects", filepath.Join(dir, "typo"), "--project", p.Name, "--out", out)
	if _, err := os.Stat(filepath.Join(dir, "typo")); err == nil {
		t.Error("a misspelt folder was made")
	}

	if text := succeed(t, "report", "--projects", dir); !strings.Contains(text, p.Name) || !strings.Contains(text, string(p.ID)) || !strings.Contains(text, "no model yet") {
		t.Errorf("the projects are listed as %s", text)
	}
	if text := succeed(t, "report", "--projects", t.TempDir()); !strings.Contains(text, "no project") {
		t.Errorf("without projects: %s", text)
	}
	fails(t, 2, "--out", "report", "--projects", dir, "--project", p.Name)

	trainOne(t, dir, p.ID)
	var r report.Report
	if err := json.Unmarshal([]byte(succeed(t, "report", "--projects", dir, "--project", string(p.ID), "--out", out, "--json")), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Figure.Points) != 1 || r.Subject == nil || len(r.Subject.Result.Pictures) != 1 || !r.Models[0].Deployed {
		t.Errorf("%+v", r)
	}
	page, err := os.ReadFile(filepath.Join(out, "report.html"))
	if err != nil || !strings.Contains(string(page), p.Name) || strings.Count(string(page), "<svg") != 6 {
		t.Errorf("a page of %d bytes, %v", len(page), err)
	}
}

// trainOne adds a small model to a project of a store in dir, which nobody has open.
func trainOne(t *testing.T, dir string, p project.ID) {
	t.Helper()
	kept, err := store.Open(t.Context(), filepath.Join(dir, "semirest.db"), filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	s := kept
	l := loop.New(s, loop.Options{Dir: filepath.Join(dir, "jobs"), Run: ort.Options{Threads: 2}, Tune: looptest.Small})
	ctx, stop := context.WithCancel(t.Context())
	if err := l.Start(ctx); err != nil {
		t.Fatal(err)
	}
	j, err := l.Submit(t.Context(), p, project.Request{Supervision: "none", Preset: train.Fast, Size: 256, Deploy: true}, "")
	for err == nil && !j.State.Ended() {
		time.Sleep(10 * time.Millisecond)
		j, err = l.Job(t.Context(), j.ID)
	}
	stop()
	l.Wait()
	if err != nil || j.State != project.Done {
		t.Fatalf("%+v, %v", j, err)
	}
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
}
