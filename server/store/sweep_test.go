package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"semirest/server/project"
)

func TestSweep(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	move := clock(s, time.Now())
	in := newProject(t, s, "a")
	kept, gone := newPicture(t, s, in.ID, "kept"), newPicture(t, s, in.ID, "gone")
	m := newModel(t, s, in.ID, "m")
	kept, err := s.SetTruth(ctx, kept.ID, strings.NewReader("mask"))
	is(t, "truth", err, nil)
	is(t, "delete", s.DeletePicture(ctx, gone.ID), nil)
	spared, _, err := s.PutBlob(ctx, strings.NewReader("spared"))
	is(t, "put", err, nil)
	old := filepath.Join(s.dir, kept.SHA256[:2], kept.SHA256+".1234.tmp")
	young := filepath.Join(s.dir, kept.SHA256[:2], kept.SHA256+".5678.tmp")
	foreign := filepath.Join(s.dir, kept.SHA256[:2], "somebody's file")
	for _, name := range []string{old, young, foreign} {
		is(t, "write", os.WriteFile(name, nil, 0o600), nil)
	}
	is(t, "age", os.Chtimes(old, time.Time{}, time.Now().Add(-48*time.Hour)), nil)

	sweep := func(want int) {
		t.Helper()
		if n, size, err := s.Sweep(ctx); err != nil || n != want || (n == 1 && size == 0) {
			t.Errorf("swept %d files, %d bytes, %v, want %d files", n, size, err, want)
		}
	}
	there := func(sha string, want bool) {
		t.Helper()
		r, err := s.OpenBlob(ctx, sha)
		if (err == nil) != want {
			t.Errorf("file %.6s is there: %v, want %v", sha, err == nil, want)
		}
		if err == nil {
			r.Close()
		}
	}
	sweep(0) // notes that two are not named
	for name, want := range map[string]bool{old: false, young: true, foreign: true} {
		if _, err := os.Stat(name); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", name, err == nil, want)
		}
	}
	move(Retention - time.Minute)
	sweep(0)
	there(gone.SHA256, true)
	_, _, err = s.PutBlob(ctx, strings.NewReader("spared"))
	is(t, "put again", err, nil)
	move(time.Minute)
	sweep(1)
	there(gone.SHA256, false)
	for _, sha := range []string{kept.SHA256, kept.Truth, m.SHA256, spared} {
		there(sha, true)
	}
	move(Retention)
	sweep(1)
	there(spared, false)
	newPicture(t, s, in.ID, "gone")
	sweep(0)
	there(gone.SHA256, true)
}

func TestADamagedFileIsMended(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	p := newPicture(t, s, newProject(t, s, "a").ID, "pixels")
	path := filepath.Join(s.dir, p.SHA256[:2], p.SHA256)
	is(t, "damage", os.WriteFile(path, []byte("pIxels"), 0o600), nil)
	copied := filepath.Join(folder(t), "copy")
	if err := s.SaveBlob(ctx, p.SHA256, copied); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged file was copied: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(copied)); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
	_, err := s.AddPicture(ctx, project.Picture{Project: p.Project, Name: "pixels", Width: 64, Height: 48}, strings.NewReader("pixels"))
	is(t, "add again", err, project.ErrExists)
	is(t, "copy", s.SaveBlob(ctx, p.SHA256, copied), nil)
}

// A file that a row names is there, whatever is swept, deleted and added at the
// same moment, by two stores as by two processes.
func TestSweepWhileAdding(t *testing.T) {
	dir := folder(t)
	var days atomic.Int64
	stores := []*Store{openStore(t, dir), openStore(t, dir)}
	for _, s := range stores {
		s.now = func() time.Time {
			return time.UnixMilli(1_700_000_000_000).Add(time.Duration(days.Load()) * 24 * time.Hour)
		}
	}
	ctx := t.Context()
	in := newProject(t, stores[0], "a")
	done := make(chan struct{})
	swept := 0
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			n, _, err := stores[1].Sweep(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			swept += n
			days.Add(5)
			time.Sleep(time.Millisecond)
		}
	})
	for range 60 {
		p, err := stores[0].AddPicture(ctx, project.Picture{Project: in.ID, Name: "a", Width: 1, Height: 1}, strings.NewReader("the same"))
		if err != nil {
			t.Error(err)
			break
		}
		r, err := stores[0].OpenBlob(ctx, p.SHA256)
		if errors.Is(err, project.ErrNotFound) {
			t.Error("a picture without its file")
		} else {
			r.Close()
		}
		is(t, "delete", stores[0].DeletePicture(ctx, p.ID), nil)
		time.Sleep(2 * time.Millisecond)
	}
	close(done)
	wg.Wait()
	t.Logf("%d files were swept meanwhile", swept)
	if swept == 0 {
		t.Error("nothing was swept: the test tests nothing")
	}
}
