package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"semirest/server/project"
)

// childTask is the variable that makes the test binary a child of a test: it
// does the task named, on the folder named in childDir, and ends.
const (
	childTask = "SEMIREST_STORE_TEST_TASK"
	childDir  = "SEMIREST_STORE_TEST_DIR"
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(childTask) {
	case "":
		os.Exit(m.Run())
	case "write":
		err = writeForever(os.Getenv(childDir))
	case "fill":
		err = fillDisk(os.Getenv(childDir))
	default:
		err = errors.New("no such task")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func child(ctx context.Context, task, dir string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childTask+"="+task, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// writeForever saves labels, and now and then registers a model and adds a
// picture. A line tells of each only after it was acknowledged.
func writeForever(dir string) error {
	ctx := context.Background()
	s, err := reopen(ctx, filepath.Join(dir, "semirest.db"))
	if err != nil {
		return err
	}
	projects, err := s.Projects(ctx)
	if err != nil {
		return err
	}
	in := projects[0].ID
	pictures, err := s.FindPictures(ctx, in, project.PictureFilter{Name: "labelled"})
	if err != nil {
		return err
	}
	picture := pictures[0].ID
	base := uint64(0)
	if l := pictures[0].Labels; l != nil {
		base = l.Revision
	}
	for ; ; base++ {
		r, err := s.SaveLabels(ctx, project.Revision{
			Picture: picture, Base: base, Data: revisionData(base + 1), State: project.State{Author: "anna"},
		})
		if err != nil {
			return err
		}
		fmt.Printf("labels %d\n", r.Revision)
		switch base % 4 {
		case 1:
			m, err := s.AddModel(ctx, project.Model{Project: in, Name: fmt.Sprintf("model %d", base)}, content(base, inMemory+1<<18))
			if err != nil {
				return err
			}
			fmt.Printf("model %s\n", m.ID)
		case 3:
			p, err := s.AddPicture(ctx, project.Picture{Project: in, Name: "picture", Width: 1, Height: 1}, content(base, 50_000))
			if err != nil && !errors.Is(err, project.ErrExists) {
				return err
			}
			fmt.Printf("picture %s\n", p.ID)
		}
	}
}

// content is n bytes that follow from the seed.
func content(seed uint64, n int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}), n)
}

// A server is killed, without warning, at any moment of a label save, a model's
// registration or a picture's arrival, and started again, twenty times in a row:
// all that was acknowledged is there, and nothing that is listed is half.
func TestKilled(t *testing.T) {
	dir := folder(t)
	s, err := reopen(t.Context(), filepath.Join(dir, "semirest.db"))
	is(t, "open", err, nil)
	newPicture(t, s, newProject(t, s, "a").ID, "labelled")
	is(t, "close", s.Close(), nil)
	rng := rand.New(rand.NewPCG(6, 20))
	acked := map[string]bool{}
	for range 20 {
		cmd := child(t.Context(), "write", dir)
		out, err := cmd.StdoutPipe()
		is(t, "pipe", err, nil)
		is(t, "start", cmd.Start(), nil)
		// The moment is counted from an answer, so that each start gets somewhere
		// on a slow machine too.
		lines := bufio.NewReader(out)
		told := ""
		for range 1 + rng.IntN(6) {
			line, err := lines.ReadString('\n')
			is(t, "an answer", err, nil)
			told += line
		}
		time.AfterFunc(time.Duration(rng.IntN(30_000))*time.Microsecond, func() { cmd.Process.Kill() })
		rest, err := io.ReadAll(lines)
		is(t, "read", err, nil)
		if err := cmd.Wait(); cmd.ProcessState.Exited() {
			t.Fatalf("the writer ended by itself: %v", err)
		}
		for line := range strings.Lines(told + string(rest)) {
			if strings.HasSuffix(line, "\n") {
				acked[strings.TrimSpace(line)] = true
			}
		}
		checkKilled(t, dir, acked)
	}
	kinds := map[string]int{}
	for what := range acked {
		kind, _, _ := strings.Cut(what, " ")
		kinds[kind]++
	}
	t.Logf("acknowledged in 20 starts: %v", kinds)
	if kinds["model"] == 0 || kinds["picture"] == 0 {
		t.Error("too few: the test tests little")
	}
}

func checkKilled(t *testing.T, dir string, acked map[string]bool) {
	t.Helper()
	ctx := t.Context()
	s, err := reopen(ctx, filepath.Join(dir, "semirest.db"))
	is(t, "open after the kill", err, nil)
	defer s.Close()
	projects, err := s.Projects(ctx)
	is(t, "projects", err, nil)
	pictures, err := s.Pictures(ctx, projects[0].ID)
	is(t, "pictures", err, nil)
	models, err := s.Models(ctx, projects[0].ID)
	is(t, "models", err, nil)
	history, err := s.History(ctx, pictures[0].ID)
	is(t, "history", err, nil)
	there := map[string]bool{}
	for i, h := range history {
		there[fmt.Sprintf("labels %d", h.Revision)] = true
		if h.Revision != uint64(len(history)-i) {
			t.Errorf("revision %d comes as number %d", h.Revision, len(history)-i)
		}
		r, err := s.LabelsAt(ctx, pictures[0].ID, h.Revision)
		if err != nil || !bytes.Equal(r.Data, revisionData(h.Revision)) {
			t.Errorf("revision %d holds other labels: %v", h.Revision, err)
		}
	}
	whole := func(sha string, n int64) {
		t.Helper()
		r, err := s.OpenBlob(ctx, sha)
		is(t, "a listed file", err, nil)
		defer r.Close()
		h := sha256.New()
		if m, err := io.Copy(h, r); err != nil || m != n || fmt.Sprintf("%x", h.Sum(nil)) != sha {
			t.Errorf("a listed file is not whole: %d of %d bytes, %v", m, n, err)
		}
	}
	for _, m := range models {
		there["model "+string(m.ID)] = true
		whole(m.SHA256, m.Bytes)
	}
	for _, p := range pictures {
		there["picture "+string(p.ID)] = true
		whole(p.SHA256, p.Bytes)
	}
	for what := range acked {
		if !there[what] {
			t.Errorf("%s was acknowledged and is lost", what)
		}
	}
}
