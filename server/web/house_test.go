package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"semirest/server/account"
	"semirest/server/project"
	"semirest/server/store"
	"semirest/shared/wire"
)

// idle trains and advises nobody: what is asked here is who may ask. Methods that the tests do not reach are missing.
type idle struct {
	Exchange
	Advice
	Reports
	kept
}

func (i idle) Submit(ctx context.Context, p project.ID, r project.Request, author string) (project.Job, error) {
	return i.CreateJob(ctx, project.Job{Project: p, Request: r, Author: author})
}
func (idle) Cancel(context.Context, project.ID) error { return nil }
func (idle) Log(context.Context, project.ID) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("")), nil
}
func (idle) SamplePicture(project.ID) ([]byte, error)       { return nil, project.ErrNotFound }
func (idle) Curve(context.Context, project.ID) (any, error) { return map[string]any{}, nil }

const testPassword = "correct horse battery"

// house is a server with accounts and two projects. In "theirs": anna is admin, lars labeller, vera viewer; it has a
// picture, a model, a job and a detector. In "his", karl is admin; he must not learn of theirs. boss is admin of the
// server.
type house struct {
	*rig
	store           *store.Store
	accounts        *account.Accounts
	theirs, his     project.Project
	picture         project.Picture
	model           project.Model
	job             project.Job
	cookies, tokens map[string]string // by name
	people          map[string]project.User
}

func newHouse(t *testing.T, o account.Options) *house {
	t.Helper()
	ctx := t.Context()
	dir := t.TempDir()
	db, err := store.Open(ctx, filepath.Join(dir, "semirest.db"), filepath.Join(dir, "files"))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	o.Enabled = true
	h := &house{store: db, cookies: map[string]string{}, tokens: map[string]string{}, people: map[string]project.User{}}
	h.accounts, err = account.New(db, o)
	must(t, err)
	s := kept{db}
	h.rig = newRig(t, Config{
		Gallery: fakeGallery{}, Accounts: h.accounts, Page: http.NotFoundHandler(),
		Workshop: &Workshop{Projects: s, Pictures: s, Labels: s, Models: s, Files: s, Training: idle{kept: s}, Exchange: idle{}, Advice: idle{kept: s}, Reports: idle{}, Spool: dir},
	}, nil)

	h.theirs, err = db.CreateProject(ctx, project.Project{Name: "theirs"})
	must(t, err)
	h.his, err = db.CreateProject(ctx, project.Project{Name: "his"})
	must(t, err)
	png := pngOf(t, flat(9, 16, 16))
	h.picture, err = db.AddPicture(ctx, project.Picture{Project: h.theirs.ID, Name: "a.png", Width: 16, Height: 16}, bytes.NewReader(png))
	must(t, err)
	h.model, err = db.AddModel(ctx, project.Model{Project: h.theirs.ID, Name: "m", Supervision: "semi"}, strings.NewReader("a model"))
	must(t, err)
	h.job, err = db.CreateJob(ctx, project.Job{Project: h.theirs.ID, Author: "anna"})
	must(t, err)
	must(t, h.Install(fakeDetector("project/"+string(h.theirs.ID), h.scorer)))
	for name, level := range map[string]project.Level{"anna": project.Admin, "lars": project.Labeller, "vera": project.Viewer, "karl": project.Nobody, "boss": project.Nobody} {
		u := h.add(name, name == "boss")
		must(t, h.accounts.SetRight(ctx, project.Right{User: u.ID, Project: h.theirs.ID, Level: level}))
	}
	must(t, h.accounts.SetRight(ctx, project.Right{User: h.people["karl"].ID, Project: h.his.ID, Level: project.Admin}))
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// add makes a person with a session and a token. Hashing passwords takes long on purpose, so they have none; see
// withPassword.
func (h *house) add(name string, admin bool) project.User {
	h.t.Helper()
	ctx := h.t.Context()
	u, err := h.store.CreateUser(ctx, project.User{Name: name, Hash: "none", Admin: admin})
	must(h.t, err)
	h.people[name] = u
	h.cookies[name] = "cookie-of-" + name
	hash := sha256.Sum256([]byte(h.cookies[name]))
	now := time.Now()
	must(h.t, h.store.CreateSession(ctx, project.Session{Hash: hex.EncodeToString(hash[:]), User: u.ID, Created: now, Expires: now.Add(time.Hour)}))
	_, h.tokens[name], err = h.accounts.NewToken(ctx, u, "test", time.Hour)
	must(h.t, err)
	return u
}

// withPassword gives a person testPassword.
func (h *house) withPassword(name string) {
	h.t.Helper()
	password := testPassword
	hash, err := h.accounts.AddUser(h.t.Context(), "twin-of-"+name, password, false)
	must(h.t, err)
	_, err = h.store.UpdateUser(h.t.Context(), h.people[name].ID, func(u *project.User) error { u.Hash = hash.Hash; return nil })
	must(h.t, err)
}

// path fills the parameters of a route in: what is theirs, in a project.
func (h *house) path(route string, in project.ID) string {
	return strings.NewReplacer(":project", string(in), ":picture", string(h.picture.ID), ":job", string(h.job.ID), ":model", string(h.model.ID),
		":revision", "1", ":user", "lars", ":token", "aaaaaaaaaaaaaaaa", ":name", "synthetic-a", "*", "nothing").Replace(route)
}

// as asks for somebody: a name for their cookie, "token NAME" for their token, "" for a guest.
func (h *house) request(as, method, path, body string) *http.Request {
	h.t.Helper()
	req, err := http.NewRequest(method, h.http.URL+path, strings.NewReader(body))
	must(h.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if name, ok := strings.CutPrefix(as, "token "); ok {
		req.Header.Set("Authorization", "Bearer "+h.tokens[name])
	} else if as != "" {
		req.AddCookie(&http.Cookie{Name: cookieName, Value: h.cookies[as]})
		req.Header.Set("Origin", h.http.URL)
	}
	return req
}

func (h *house) send(req *http.Request) (status int, body string, header http.Header) {
	h.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(req)
	must(h.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	must(h.t, err)
	return resp.StatusCode, string(data), resp.Header
}

// ask sends a request of somebody and returns the answer's status and body.
func (h *house) ask(as, method, path, body string) (int, string) {
	h.t.Helper()
	status, text, _ := h.send(h.request(as, method, path, body))
	return status, text
}

// socket opens a websocket of somebody and takes the Hello.
func (h *house) socket(as string) *dialer {
	h.t.Helper()
	req := h.request(as, "GET", "/", "")
	conn, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.http.URL, "http")+streamRoute, req.Header)
	if err != nil {
		h.t.Fatalf("socket of %s: %v (%v)", as, err, resp)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	d := &dialer{t: h.t, conn: conn}
	d.Hello = next[wire.Hello](d)
	return d
}

// contents is all that is theirs, as text.
func (h *house) contents() string {
	h.t.Helper()
	ctx := h.t.Context()
	pictures, err := h.store.Pictures(ctx, h.theirs.ID)
	must(h.t, err)
	models, err := h.store.Models(ctx, h.theirs.ID)
	must(h.t, err)
	jobs, err := h.store.Jobs(ctx, h.theirs.ID)
	must(h.t, err)
	rights, err := h.store.Rights(ctx, h.theirs.ID)
	must(h.t, err)
	one, err := h.store.Project(ctx, h.theirs.ID)
	must(h.t, err)
	text, err := json.Marshal([]any{one, pictures, models, jobs, rights})
	must(h.t, err)
	return string(text)
}
