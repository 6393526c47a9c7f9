package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"semirest/server/loop/looptest"
	"semirest/server/project"
	"semirest/server/store"
	"semirest/server/train"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// asServer makes this test's program be the command that its arguments name, so that tests can kill a whole server.
const asServer = "SEMIREST_TEST_AS_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) == "" {
		os.Exit(m.Run())
	}
	tuneTraining = func(c *train.Config) {
		looptest.Small(c)
		c.SaveEvery = time.Millisecond
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// child is a server in a process of its own.
type child struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	logs *lockedBuffer
}

// startChild serves the projects of dir.
func startChild(t *testing.T, dir string) *child {
	t.Helper()
	c := &child{t: t, logs: new(lockedBuffer)}
	c.cmd = exec.Command(os.Args[0], "serve", "--projects", dir, "--addr", "127.0.0.1:0", "--demo=false", "--log-level", "warn")
	c.cmd.Env = append(os.Environ(), asServer+"=1")
	c.cmd.Stdout, c.cmd.Stderr = c.logs, c.logs
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if _, after, ok := strings.Cut(c.logs.String(), "SemiREST is at "); ok && strings.Contains(after, "\n") {
			c.url, _, _ = strings.Cut(after, "\n")
			return c
		}
	}
	t.Fatalf("the server did not start:\n%s", c.logs)
	return nil
}

// kill ends the server as a power cut would, as far as a process can tell.
func (c *child) kill() {
	if c.cmd.ProcessState == nil {
		_ = c.cmd.Process.Signal(syscall.SIGKILL)
		_ = c.cmd.Wait()
	}
}

// get asks and decodes the answer into out; false where the server is gone.
func (c *child) get(path string, out any) bool {
	resp, err := http.Get(c.url + path)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return false
	}
	if resp.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %d %s\n%s", path, resp.StatusCode, text, c.logs)
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = text
		return true
	}
	if err := json.Unmarshal(text, out); err != nil {
		c.t.Fatalf("%s: %v in %s", path, err, text)
	}
	return true
}

// fill makes a project of drawn pictures in dir, before any server is there.
func fill(t *testing.T, dir string, normal, defective int) looptest.Project {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(dir, "semirest.db"), filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	shelf := looptest.Shelf{Store: s}
	p := shelf.Brushed(t, normal, defective)
	person := looptest.Person{Shelf: shelf}
	for _, x := range p.Defective {
		person.Label(t, x, p.Masks[x.ID], "pixel")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return p
}

// ledger is what the server has acknowledged: labels by picture and revision.
type ledger struct {
	mu   sync.Mutex
	held map[project.ID][][]byte // at n-1: revision n
}

func (l *ledger) add(t *testing.T, p project.ID, revision uint64, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if int(revision) != len(l.held[p])+1 {
		t.Errorf("picture %s: revision %d was acknowledged after %d", p, revision, len(l.held[p]))
	}
	l.held[p] = append(l.held[p], data)
}

// drawnLabels are labels of which no two are the same.
func drawnLabels(t *testing.T, side, n int) []byte {
	t.Helper()
	e := annot.New(side, side)
	if _, err := e.AddBox(block.Box{X: 20 + float64(n%200), Y: 20 + float64(n/200), HalfW: 5, HalfH: 5}, fmt.Sprint(n)); err != nil {
		t.Fatal(err)
	}
	return e.Labels().Append(nil)
}

// saveUntilGone saves labels of a picture until the server is gone.
func (c *child) saveUntilGone(p project.Picture, l *ledger, base int) {
	for n := base; ; n++ {
		data := drawnLabels(c.t, p.Width, n)
		req, err := http.NewRequest("PUT", fmt.Sprintf("%s/api/v1/projects/%s/pictures/%s/labels", c.url, p.Project, p.ID), bytes.NewReader(data))
		if err != nil {
			c.t.Error(err)
			return
		}
		req.Header.Set("If-Match", fmt.Sprintf("%q", fmt.Sprint(n)))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return
		}
		var got struct{ Revision uint64 }
		err = json.NewDecoder(resp.Body).Decode(&got)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			c.t.Errorf("save %d: %d", n, resp.StatusCode)
			return
		}
		if err != nil {
			return // cut off: it may be stored and was not acknowledged
		}
		l.add(c.t, p.ID, got.Revision, data)
	}
}

// TestKilledWhileLabelsAreSaved kills the server 20 times in a row while labels of several pictures are saved. Whatever was acknowledged must be there, each revision as it was sent.
func TestKilledWhileLabelsAreSaved(t *testing.T) {
	looptest.Library(t)
	dir := t.TempDir()
	p := fill(t, dir, 4, 0)
	random := rand.New(rand.NewPCG(6, 1))
	l := &ledger{held: make(map[project.ID][][]byte)}
	for round := range 20 {
		c := startChild(t, dir)
		bases := c.check(p.Normal, l)
		var savers sync.WaitGroup
		for i, x := range p.Normal {
			savers.Go(func() { c.saveUntilGone(x, l, bases[i]) })
		}
		time.Sleep(time.Duration(20+random.IntN(120)) * time.Millisecond)
		c.kill()
		savers.Wait()
		if t.Failed() {
			t.Fatalf("in round %d:\n%s", round, c.logs)
		}
	}
	c := startChild(t, dir)
	c.check(p.Normal, l)
	total := 0
	for id, held := range l.held {
		total += len(held)
		for n, want := range held {
			var got []byte
			if !c.get(fmt.Sprintf("/api/v1/projects/%s/pictures/%s/labels/%d", p.ID, id, n+1), &got) || !bytes.Equal(got, want) {
				t.Fatalf("picture %s, revision %d is not what was acknowledged", id, n+1)
			}
		}
	}
	if total < 40 {
		t.Errorf("only %d saves were acknowledged in 20 rounds: nothing was tried", total)
	}
	t.Logf("%d saves acknowledged", total)
}

// check holds the pictures' current revisions against the ledger and returns them. A save that was not acknowledged may
// be stored or not; one that is is entered, as a page that asks again would.
func (c *child) check(pictures []project.Picture, l *ledger) []int {
	c.t.Helper()
	var list struct{ Pictures []project.Picture }
	if !c.get("/api/v1/projects/"+string(pictures[0].Project)+"/pictures", &list) {
		c.t.Fatalf("the server is gone:\n%s", c.logs)
	}
	now := map[project.ID]int{}
	for _, p := range list.Pictures {
		if p.Labels != nil {
			now[p.ID] = int(p.Labels.Revision)
		}
	}
	bases := make([]int, len(pictures))
	for i, p := range pictures {
		bases[i] = now[p.ID]
		switch held := len(l.held[p.ID]); {
		case bases[i] == held:
		case bases[i] == held+1:
			var data []byte
			c.get(fmt.Sprintf("/api/v1/projects/%s/pictures/%s/labels/%d", p.Project, p.ID, bases[i]), &data)
			l.add(c.t, p.ID, uint64(bases[i]), data)
		default:
			c.t.Fatalf("picture %s is at revision %d after %d were acknowledged", p.ID, bases[i], held)
		}
	}
	return bases
}

// submit starts a training run.
func (c *child) submit(p project.ID, r project.Request) project.Job {
	c.t.Helper()
	body, err := json.Marshal(r)
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := http.Post(c.url+"/api/v1/projects/"+string(p)+"/jobs", "application/json", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	var j project.Job
	if err := json.NewDecoder(resp.Body).Decode(&j); err != nil || resp.StatusCode != http.StatusAccepted {
		c.t.Fatalf("%d %v %+v", resp.StatusCode, err, j)
	}
	return j
}

// job asks for a job until it is as wanted, or has ended.
func (c *child) job(p, id project.ID, as func(project.Job) bool) (j project.Job) {
	c.t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if !c.get(fmt.Sprintf("/api/v1/projects/%s/jobs/%s", p, id), &j) {
			c.t.Fatalf("the server is gone:\n%s", c.logs)
		}
		if as(j) || j.State.Ended() {
			return j
		}
	}
	c.t.Fatalf("job %+v stays so:\n%s", j, c.logs)
	return j
}

// models lists a project's models, each of which must be whole.
func (c *child) models(p project.ID) []project.Model {
	c.t.Helper()
	var list struct{ Models []project.Model }
	c.get("/api/v1/projects/"+string(p)+"/models", &list)
	for _, m := range list.Models {
		var file []byte
		c.get(fmt.Sprintf("/api/v1/projects/%s/models/%s/file", p, m.ID), &file)
		if sum := sha256.Sum256(file); hex.EncodeToString(sum[:]) != m.SHA256 || int64(len(file)) != m.Bytes {
			c.t.Fatalf("model %s is listed and not whole: %d of %d bytes", m.ID, len(file), m.Bytes)
		}
	}
	return list.Models
}

// sizes are the files below a folder.
func sizes(dir string) map[string]int64 {
	found := map[string]int64{}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // files come and go
		}
		if i, err := d.Info(); err == nil {
			found[path] = i.Size()
		}
		return nil
	})
	return found
}

// TestKilledWhileAModelIsRegistered kills the server as soon as a model's file begins to be stored, at once and a little
// later. No half model may be listed, and the job must end with exactly one.
func TestKilledWhileAModelIsRegistered(t *testing.T) {
	looptest.Library(t)
	dir := t.TempDir()
	p := fill(t, dir, 6, 0)
	files := filepath.Join(dir, "files")
	c := startChild(t, dir)
	for round, later := range []time.Duration{0, 4 * time.Millisecond, 20 * time.Millisecond} {
		before := sizes(files)
		j := c.submit(p.ID, project.Request{Supervision: "none", Preset: train.Lite, Size: 256, Seed: uint64(round), Deploy: true})
		for end := time.Now().Add(time.Minute); len(sizes(files)) == len(before); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("no model is stored:\n%s", c.logs)
			}
		}
		time.Sleep(later)
		c.kill()
		c = startChild(t, dir)
		c.models(p.ID)
		if j = c.job(p.ID, j.ID, func(project.Job) bool { return false }); j.State != project.Done {
			t.Fatalf("round %d: %+v\n%s", round, j, c.logs)
		}
		list := c.models(p.ID)
		if len(list) != round+1 || list[round].Job != j.ID || list[round].ID != j.Model {
			t.Errorf("round %d: models %+v of job %+v", round, list, j)
		}
		var of project.Project
		if c.get("/api/v1/projects/"+string(p.ID), &of); of.Deployed != j.Model {
			t.Errorf("round %d: %s is deployed, not %s", round, of.Deployed, j.Model)
		}
		var d struct{ Model string }
		if c.get("/api/v1/detectors/project%2F"+string(p.ID), &d); d.Model != string(j.Model) {
			t.Errorf("round %d: %q is served, not %s", round, d.Model, j.Model)
		}
	}
}

// TestKilledWhileTraining kills the server in the middle of a training run. The run goes on from its checkpoint: what
// its log held of the steps before stays, and no step is missing or done twice.
func TestKilledWhileTraining(t *testing.T) {
	looptest.Library(t)
	dir := t.TempDir()
	p := fill(t, dir, 10, 4)
	c := startChild(t, dir)
	j := c.submit(p.ID, project.Request{Supervision: "un", Preset: train.Fast, Steps: 14, Size: 256, Seed: 1, Deploy: true})
	for _, at := range []int{3, 8} {
		if j = c.job(p.ID, j.ID, func(j project.Job) bool { return j.Progress.Stage == "training" && j.Progress.Step >= at }); j.State.Ended() {
			t.Fatalf("it ended before it was killed: %+v\n%s", j, c.logs)
		}
		var before, after []byte
		c.get(fmt.Sprintf("/api/v1/projects/%s/jobs/%s/log", p.ID, j.ID), &before)
		c.kill()
		c = startChild(t, dir)
		if j = c.job(p.ID, j.ID, func(j project.Job) bool { return j.Progress.Stage == "training" && j.Progress.Step > at }); j.State == project.Failed {
			t.Fatalf("%+v\n%s", j, c.logs)
		}
		c.get(fmt.Sprintf("/api/v1/projects/%s/jobs/%s/log", p.ID, j.ID), &after)
		// A checkpoint is saved every millisecond here, so that no more than the last step or two are done again.
		keep := max(0, len(lines(before))-3)
		if got := lines(after); len(got) < keep || !slices.Equal(got[:keep], lines(before)[:keep]) {
			t.Fatalf("the run did not go on:\n%s\nbecame\n%s", before, after)
		}
	}
	if j = c.job(p.ID, j.ID, func(project.Job) bool { return false }); j.State != project.Done {
		t.Fatalf("%+v\n%s", j, c.logs)
	}
	var log []byte
	c.get(fmt.Sprintf("/api/v1/projects/%s/jobs/%s/log", p.ID, j.ID), &log)
	next := 1
	for _, line := range lines(log) {
		var e struct {
			Phase   int
			Step    int              `json:"step"`
			HeldOut *json.RawMessage `json:"held_out"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.HeldOut != nil || e.Phase != 0 {
			continue
		}
		if e.Step != next {
			t.Fatalf("step %d after %d:\n%s", e.Step, next-1, log)
		}
		next++
	}
	if next != 15 {
		t.Errorf("%d steps:\n%s", next-1, log)
	}
	if list := c.models(p.ID); len(list) != 1 || list[0].Metrics == nil {
		t.Errorf("models %+v", list)
	}
}

func lines(b []byte) []string { return strings.Split(strings.TrimSpace(string(b)), "\n") }

// TestASecondServerIsRefused has two servers want the same projects.
func TestASecondServerIsRefused(t *testing.T) {
	looptest.Library(t)
	dir := t.TempDir()
	first := startChild(t, dir)
	cmd := newServeCmd()
	cmd.SetArgs([]string{"--projects", dir, "--addr", "127.0.0.1:0", "--demo=false", "--log-level", "error"})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetOut(io.Discard)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if err := cmd.ExecuteContext(ctx); err == nil || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "another server") {
		t.Errorf("a second server: %v", err)
	}
	first.kill()
	startChild(t, dir) // the lock ends with its holder
}
