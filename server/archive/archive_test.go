package archive

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"semirest/server/project"
	"semirest/server/store"
	"semirest/shared/annot"
	"semirest/shared/block"
)

func newStore(t testing.TB) *store.Store {
	t.Helper()
	// In memory where the machine has such: there is nothing to sync.
	dir, err := os.MkdirTemp("/dev/shm", "semirest-archive-test-*")
	if err != nil {
		dir = t.TempDir()
	} else {
		t.Cleanup(func() { os.RemoveAll(dir) })
	}
	s, err := store.Open(context.Background(), filepath.Join(dir, "semirest.db"), filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// labels of a picture of 64x48 pixels, with times.
func labels(boxes int) []byte {
	e := annot.New(64, 48)
	for i := range boxes {
		if _, err := e.AddBox(block.Box{X: 8 + float64(i), Y: 8, HalfW: 4, HalfH: 4}, "=HYPERLINK()<script>"); err != nil {
			panic(err)
		}
	}
	e.Labels().Spent[annot.ToolBox] = int64(boxes) * 5000
	return e.Labels().Append(nil)
}

// newProject makes a project with something of everything.
func newProject(t testing.TB, s *store.Store) project.Project {
	t.Helper()
	ctx := context.Background()
	p := must[project.Project](t)(s.CreateProject(ctx, project.Project{
		Name: "Flaschen <ß>", Settings: []byte(`{"note": "a & b < c", "list": [1, 2.50]}`),
	}))
	var pictures []project.Picture
	for i, name := range []string{"000.png", "000.png", "größe.jpg", "same.png"} {
		file := []string{"one", "two", "three", "one"}[i]
		pictures = append(pictures, must[project.Picture](t)(s.AddPicture(ctx, project.Picture{
			Project: p.ID, Name: name, Path: []string{"", "test/crack/000.png", "", ""}[i], Width: 64, Height: 48, Role: []project.Role{"normal", "defective", "", "normal"}[i],
			Kind: []string{"", "crack", "", ""}[i], Held: i == 1,
		}, strings.NewReader(file))))
	}
	must[project.Picture](t)(s.SetTruth(ctx, pictures[1].ID, strings.NewReader("a mask")))
	for n := range 3 {
		for _, i := range []int{3, 1} {
			must[project.Revision](t)(s.SaveLabels(ctx, project.Revision{
				Picture: pictures[i].ID, Base: uint64(n), SaveID: fmt.Sprintf("save %d", n), Data: labels(n + i),
				State: project.State{Author: "anna"},
			}))
		}
	}
	ap := 0.1 + 0.2
	for i, name := range []string{"first", "second", "third"} {
		j := must[project.Job](t)(s.CreateJob(ctx, project.Job{
			Project: p.ID, Author: "bert", Request: project.Request{Supervision: "semi", Preset: "lite", Seed: 1<<64 - 1, Name: name},
		}))
		m := must[project.Model](t)(s.AddModel(ctx, project.Model{
			Project: p.ID, Name: name, Supervision: "semi", Job: j.ID, LabelMillis: 15000, Threshold: 1.1,
			Metrics: &project.Metrics{AP: &ap, Pictures: 2, Granule: "box", Latency: 12.5}, Note: "two\nlines",
		}, bytes.NewReader(bytes.Repeat([]byte(name), 1000))))
		must[project.Job](t)(s.UpdateJob(ctx, j.ID, func(j *project.Job) error {
			j.State, j.Started, j.Ended = project.Done, time.Now(), time.Now()
			j.Progress = project.Progress{Stage: "done", Step: 9, Total: 9, Loss: 1e-9, AP: &ap}
			return nil
		}))
		if i < 2 {
			must[project.Project](t)(s.Deploy(ctx, p.ID, m.ID))
		}
	}
	must[project.Job](t)(s.CreateJob(ctx, project.Job{Project: p.ID, Author: "bert"})) // has not ended
	return must[project.Project](t)(s.Project(ctx, p.ID))
}

func pack(t testing.TB, s Store, id project.ID) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(context.Background(), &b, s, id); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unpack(s Store, b []byte, l Limits) (project.Project, error) {
	return Read(context.Background(), bytes.NewReader(b), int64(len(b)), s, l)
}

func TestRoundTrip(t *testing.T) {
	from, to, ctx := newStore(t), newStore(t), t.Context()
	p := newProject(t, from)
	zipped := pack(t, from, p.ID)
	if again := pack(t, from, p.ID); !bytes.Equal(zipped, again) {
		t.Error("the same project gave two different files")
	}
	// A project that is there already, so that ids and orders differ.
	newProject(t, to)
	for _, s := range []*store.Store{to, from, to} {
		q := must[project.Project](t)(unpack(s, zipped, Limits{}))
		if q.ID == p.ID || q.Name != p.Name || !q.Created.Equal(p.Created) || q.Deployed == "" || q.Deployed == p.Deployed {
			t.Errorf("read %+v, wrote %+v", q, p)
		}
		if again := pack(t, s, q.ID); !bytes.Equal(zipped, again) {
			t.Error("what was read is written as another file")
		}
		if got, want := content(t, s, q.ID), content(t, from, p.ID); !reflect.DeepEqual(got, want) {
			t.Errorf("read\n%v\nwrote\n%v", got, want)
		}
	}
	if left, err := to.Unended(ctx); err != nil || len(left) != 1 {
		t.Errorf("%d jobs wait, %v: none should have come with the project", len(left), err)
	}
}

// content is all that the store tells of a project, without ids and without the
// jobs that have not ended.
func content(t *testing.T, s *store.Store, id project.ID) []string {
	t.Helper()
	ctx := t.Context()
	models := must[[]project.Model](t)(s.Models(ctx, id))
	names := map[project.ID]string{"": ""}
	for _, m := range models {
		names[m.ID] = "model " + m.Name
	}
	jobs := must[[]project.Job](t)(s.Jobs(ctx, id))
	for i, j := range jobs {
		names[j.ID] = fmt.Sprintf("job %d before the end", i-len(jobs))
	}
	p := must[project.Project](t)(s.Project(ctx, id))
	out := []string{fmt.Sprint(p.Name, p.Created, string(p.Settings), names[p.Deployed], names[p.Previous])}
	for _, m := range models {
		metrics := *m.Metrics
		ap := *metrics.AP
		metrics.AP = nil
		out = append(out, fmt.Sprint(m.Name, m.SHA256, m.Bytes, m.Supervision, m.Created, names[m.Job], metrics, ap, m.LabelMillis, m.Threshold, m.Note))
	}
	for _, j := range jobs {
		if j.State.Ended() {
			ap := *j.Progress.AP
			j.Progress.AP = nil
			out = append(out, fmt.Sprint(j.State, j.Request, j.Progress, ap, j.Error, j.Author, j.Created, j.Started, j.Ended, names[j.Model]))
		}
	}
	for _, v := range must[[]project.Picture](t)(s.Pictures(ctx, id)) {
		state := v.Labels
		picture := v.ID
		v.ID, v.Project, v.Labels = "", "", nil
		out = append(out, fmt.Sprint(v))
		if state == nil {
			continue
		}
		for n := uint64(1); n <= state.Revision; n++ {
			r := must[project.Revision](t)(s.LabelsAt(ctx, picture, n))
			r.Picture = ""
			out = append(out, fmt.Sprint(r))
		}
	}
	return out
}

var update = flag.Bool("update", false, "write testdata/version1.zip anew: only ever before version 1 was released")

func golden(t testing.TB) []byte {
	t.Helper()
	return must[[]byte](t)(os.ReadFile(filepath.Join("testdata", "version1.zip")))
}

// A file that version 1 wrote is read, and written again, for ever.
func TestVersion1(t *testing.T) {
	s := newStore(t)
	if *update {
		b := pack(t, s, newProject(t, s).ID)
		if err := os.WriteFile(filepath.Join("testdata", "version1.zip"), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b := golden(t)
	p := must[project.Project](t)(unpack(s, b, Limits{}))
	if !bytes.Equal(b, pack(t, s, p.ID)) {
		t.Error("it is written as another file")
	}
	pictures := must[[]project.Picture](t)(s.Pictures(t.Context(), p.ID))
	if p.Name != "Flaschen <ß>" || len(pictures) != 4 || pictures[1].Name != "000 (2).png" || pictures[1].Labels.Boxes != 3 || pictures[1].Labels.Millis["box"] != 15000 {
		t.Errorf("read %+v, %+v", p, pictures)
	}
}

func TestEmptyProject(t *testing.T) {
	s := newStore(t)
	p := must[project.Project](t)(s.CreateProject(t.Context(), project.Project{Name: "empty"}))
	b := pack(t, s, p.ID)
	q := must[project.Project](t)(unpack(s, b, Limits{}))
	if !bytes.Equal(b, pack(t, s, q.ID)) {
		t.Error("an empty project is not the same after the round trip")
	}
	if err := Write(t.Context(), io.Discard, s, "none"); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("no project: %v", err)
	}
}

// Another program may pack the files of an unpacked project again.
func TestPackedByAnotherProgram(t *testing.T) {
	s := newStore(t)
	zipped := pack(t, s, newProject(t, s).ID)
	files := entries(t, zipped)
	slices.Reverse(files)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"files/", "labels/", "labels/000002/"} {
		must[io.Writer](t)(z.Create(name))
	}
	for _, e := range files {
		w := must[io.Writer](t)(z.CreateHeader(&zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: time.Now()}))
		must[int](t)(w.Write(e.data))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	p := must[project.Project](t)(unpack(s, b.Bytes(), Limits{}))
	if !bytes.Equal(zipped, pack(t, s, p.ID)) {
		t.Error("it is not the same project")
	}
}

func TestCanceled(t *testing.T) {
	s := newStore(t)
	p := newProject(t, s)
	b := pack(t, s, p.ID)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Write(ctx, io.Discard, s, p.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("write: %v", err)
	}
	if _, err := Read(ctx, bytes.NewReader(b), int64(len(b)), s, Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
}

// short is a disk without space, at the reader's or the writer's end.
type short struct{ Store }

func (short) PutBlob(context.Context, io.Reader) (string, int64, error) {
	return "", 0, fmt.Errorf("store: %w", project.ErrFull)
}

func (short) Write([]byte) (int, error) { return 0, project.ErrFull }

func TestFull(t *testing.T) {
	s := newStore(t)
	p := newProject(t, s)
	b := pack(t, s, p.ID)
	if err := Write(t.Context(), short{}, s, p.ID); !errors.Is(err, project.ErrFull) {
		t.Errorf("write: %v", err)
	}
	if _, err := unpack(short{s}, b, Limits{}); !errors.Is(err, project.ErrFull) || errors.Is(err, ErrFormat) {
		t.Errorf("read: %v", err)
	}
	if all := must[[]project.Project](t)(s.Projects(t.Context())); len(all) != 1 {
		t.Errorf("%d projects", len(all))
	}
}
