package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"semirest/server/project"
	"semirest/server/store"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// kept is a real store as the server wants it.
type kept struct{ *store.Store }

// SetThreshold implements Models with nothing to serve.
func (k kept) SetThreshold(ctx context.Context, m project.ID, threshold float64) (project.Model, error) {
	return k.UpdateModel(ctx, m, func(m *project.Model) error { m.Threshold = threshold; return nil })
}

// queueing is Training that only queues.
type queueing struct{ kept }

func (q *queueing) Submit(ctx context.Context, p project.ID, r project.Request, author string) (project.Job, error) {
	if r.Supervision == "" {
		return project.Job{}, &project.ReasonError{Reason: "say none, un, sup or semi"}
	}
	return q.CreateJob(ctx, project.Job{Project: p, Request: r, Author: author})
}

func (q *queueing) Cancel(ctx context.Context, id project.ID) error {
	_, err := q.UpdateJob(ctx, id, func(j *project.Job) error { j.State = project.Canceled; return nil })
	return err
}

func (q *queueing) Log(context.Context, project.ID) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("{\"step\":1}\n")), nil
}

func (q *queueing) SamplePicture(project.ID) ([]byte, error) { return nil, project.ErrNotFound }

// telling is Advice and Reports that say something of the right shape. What the real ones say is held to openapi.yaml in
// package main's tests.
type telling struct{}

type object = map[string]any

func (telling) Advise(context.Context, project.ID) (any, error) {
	return object{"supervision": "un", "ready": false, "reason": "no pictures", "todo": []string{"drop some"},
		"normal": 0, "boxes": 0, "blocks": 0, "pixels": 0, "held": 0}, nil
}

func (telling) Next(context.Context, project.ID, int) (any, error) {
	return []object{{"picture": "p", "name": "a.png", "worth": 1, "uncertainty": -1, "spread": 0.5, "reason": "nobody looked"}}, nil
}

func (telling) Curve(_ context.Context, m project.ID) (any, error) {
	count := object{"threshold": 1, "false_alarms": 0, "misses": 0}
	return object{"model": m, "points": []object{count}, "normal": 0, "defective": 0, "current": 1, "now": count, "suggested": 1, "verdict": "good"}, nil
}

func (telling) Evaluation(_ context.Context, m project.ID) (any, error) {
	return object{"key": "k", "model": m, "metrics": project.Metrics{}, "kinds": nil, "pictures": nil}, nil
}

func (telling) Report(_ context.Context, p project.ID) (any, error) {
	return object{"project": p, "name": "p", "made": time.Unix(0, 0), "models": nil, "subject": nil,
		"pictures": object{"all": 0, "normal": 0, "defective": 0, "labelled": 0, "held": 0},
		"figure":   object{"points": nil, "baseline": nil, "paper": []object{}, "pictures": 0, "granule": ""}}, nil
}

func (telling) HTML(_ context.Context, _ project.ID, w io.Writer) error {
	_, err := io.WriteString(w, "<!doctype html><title>report</title>")
	return err
}

// trading is an Exchange with one format, a text.
type trading struct {
	fail error // of Export, after its first bytes
	got  []byte
}

func (t *trading) Formats() []project.Format {
	return []project.Format{{Name: "csv", Title: "CSV", Extension: ".zip", Note: "A table."}, {Name: project.WholeFormat, Title: "All", Extension: ".zip", Note: "All."}}
}

func (t *trading) Export(_ context.Context, p project.ID, format string, w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s of %s", format, p); err != nil {
		return err
	}
	return t.fail
}

func (t *trading) Import(_ context.Context, _ project.ID, _ string, r io.ReaderAt, size int64, _ string) (project.Imported, error) {
	t.got = make([]byte, size)
	_, err := r.ReadAt(t.got, 0)
	if bytes.HasPrefix(t.got, []byte("bad")) {
		return project.Imported{}, &project.ReasonError{Reason: "not a zip file"}
	}
	return project.Imported{Labels: 1}, err
}

func (t *trading) Restore(_ context.Context, r io.ReaderAt, size int64, _ string) (project.Project, error) {
	return project.Project{}, errors.New("not tested here")
}

// bench is a rig with projects.
type bench struct {
	*rig
	kept
	training *queueing
	trading  *trading
}

func newBench(t *testing.T, c Config) *bench {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(dir, "semirest.db"), filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &bench{kept: kept{s}, training: &queueing{kept: kept{s}}, trading: &trading{}}
	c.Workshop = &Workshop{
		Projects: b.kept, Pictures: b.kept, Labels: b.kept, Models: b.kept, Files: b.kept, Training: b.training,
		Exchange: b.trading, Advice: telling{}, Reports: telling{}, Spool: dir,
	}
	b.rig = newRig(t, c, nil)
	return b
}

// ask sends a request and decodes a JSON answer into out, where that is not nil.
func (b *bench) ask(method, path, kind string, body []byte, header map[string]string, out any) (*http.Response, []byte) {
	b.t.Helper()
	req, err := http.NewRequest(method, b.http.URL+path, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			b.t.Fatalf("%s %s: %d, %v in %s", method, path, resp.StatusCode, err, text)
		}
	}
	return resp, text
}

// want is ask for an answer of one status.
func (b *bench) want(status int, method, path, kind string, body []byte, out any) *http.Response {
	b.t.Helper()
	resp, text := b.ask(method, path, kind, body, nil, out)
	if resp.StatusCode != status {
		b.t.Fatalf("%s %s: %d, want %d: %s", method, path, resp.StatusCode, status, text)
	}
	return resp
}

// create makes a project and returns its address.
func (b *bench) create(name string) string {
	b.t.Helper()
	var p projectJSON
	b.want(201, "POST", "/api/v1/projects", "application/json", []byte(fmt.Sprintf(`{"name":%q}`, name)), &p)
	return "/api/v1/projects/" + string(p.ID)
}

// file is one of a form's files.
type file struct {
	name string
	data []byte
}

// drop adds pictures.
func (b *bench) drop(at string, fields map[string]string, files ...file) (status int, added []addedJSON) {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for k, v := range fields {
		if err := w.WriteField(k, v); err != nil {
			b.t.Fatal(err)
		}
	}
	for _, f := range files {
		part, err := w.CreateFormFile("files", f.name)
		if err != nil {
			b.t.Fatal(err)
		}
		if _, err := part.Write(f.data); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	var out struct{ Pictures []addedJSON }
	resp, _ := b.ask("POST", at+"/pictures", w.FormDataContentType(), body.Bytes(), nil, &out)
	return resp.StatusCode, out.Pictures
}

// dropOne adds a grey picture and returns its address.
func (b *bench) dropOne(at, name string, m image.Image) (string, project.Picture) {
	b.t.Helper()
	status, added := b.drop(at, nil, file{name, pngOf(b.t, m)})
	if status != 201 || len(added) != 1 || added[0].Picture == nil {
		b.t.Fatalf("%d %+v", status, added)
	}
	return at + "/pictures/" + string(added[0].Picture.ID), *added[0].Picture
}

// boxes are labels of a w x h picture with n boxes.
func boxes(t *testing.T, w, h, n int) []byte {
	t.Helper()
	e := annot.New(w, h)
	for i := range n {
		addBox(t, e, float64(4+i%8), 5)
	}
	return e.Labels().Append(nil)
}

func addBox(t *testing.T, e *annot.Editor, x, y float64) {
	t.Helper()
	if _, err := e.AddBox(block.Box{X: x, Y: y, HalfW: 2, HalfH: 2}, ""); err != nil {
		t.Fatal(err)
	}
}
