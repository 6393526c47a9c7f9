package web

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/routers"

	"semirest/server/project"
)

// request is one that openapi.yaml is held to.
type request struct {
	method, path, kind string
	body               []byte
	status             int
	header             string // "Name: value", "" for none
}

// holdProjectsAgainst asks for everything that a project has and holds the answers to openapi.yaml's schemas.
func (b *bench) holdProjectsAgainst(router routers.Router) {
	t := b.t
	t.Helper()
	at := b.create("p")
	one, _ := b.dropOne(at, "a.png", flat(100, 30, 20))
	of := project.ID(at[strings.LastIndex(at, "/")+1:])
	var models [2]project.Model
	for i := range models {
		m, err := b.AddModel(t.Context(), project.Model{
			Project: of, Name: "m", Supervision: "none", Threshold: 1, Metrics: &project.Metrics{Granule: "box"},
		}, strings.NewReader(strings.Repeat("model", i+1)))
		if err != nil {
			t.Fatal(err)
		}
		models[i] = m
	}
	model := at + "/models/" + string(models[0].ID)
	none := strings.Repeat("a", 16)
	labels := boxes(t, 30, 20, 1)
	kind, form := form(t, "files", "b.png", pngOf(t, flat(3, 8, 8)))
	j, err := b.training.Submit(t.Context(), of, project.Request{Supervision: "un", Preset: "lite"}, "local")
	if err != nil {
		t.Fatal(err)
	}
	job := at + "/jobs/" + string(j.ID)
	const asJSON, bytesType = "application/json", "application/octet-stream"
	for _, r := range []request{
		{"GET", "/api/v1/projects", "", nil, 200, ""},
		{"POST", "/api/v1/projects", asJSON, []byte(`{"name":"q"}`), 201, ""},
		{"POST", "/api/v1/projects", asJSON, []byte(`{}`), 400, ""},
		{"GET", at, "", nil, 200, ""}, {"GET", "/api/v1/projects/" + none, "", nil, 404, ""},
		{"PATCH", at, asJSON, []byte(`{"settings":{}}`), 200, ""},
		{"GET", at + "/pictures", "", nil, 200, ""}, {"GET", at + "/pictures?held=false&limit=1", "", nil, 200, ""},
		{"GET", at + "/pictures?role=x", "", nil, 400, ""}, {"GET", at + "/pictures?limit=-1", "", nil, 400, ""},
		{"GET", at + "/pictures?labelled=perhaps", "", nil, 400, ""}, {"POST", at + "/pictures", kind, form, 201, ""},
		{"POST", at + "/pictures", kind, form, 200, ""}, {"POST", at + "/pictures", asJSON, []byte(`{}`), 400, ""},
		{"GET", one, "", nil, 200, ""}, {"PATCH", one, asJSON, []byte(`{"role":"defective","kind":"scratch","held":true}`), 200, ""},
		{"PATCH", one, asJSON, []byte(`{"role":"x"}`), 400, ""},
		{"GET", one + "/image", "", nil, 200, ""}, {"GET", one + "/thumbnail", "", nil, 200, ""},
		{"GET", one + "/truth", "", nil, 404, ""}, {"PUT", one + "/truth", "image/png", pngOf(t, flat(255, 30, 20)), 200, ""},
		{"GET", one + "/truth", "", nil, 200, ""}, {"DELETE", one + "/truth", "", nil, 200, ""},
		{"GET", one + "/labels", "", nil, 204, ""}, {"GET", one + "/labels/1", "", nil, 404, ""},
		{"PUT", one + "/labels", bytesType, labels, 428, ""},
		{"PUT", one + "/labels", bytesType, labels, 200, `If-Match: "0"`},
		{"PUT", one + "/labels", bytesType, boxes(t, 30, 20, 2), 409, `If-Match: "0"`},
		{"PUT", one + "/labels", bytesType, []byte("SRL"), 422, `If-Match: "1"`},
		{"GET", one + "/labels", "", nil, 200, ""}, {"GET", one + "/labels", "", nil, 304, `If-None-Match: "1"`},
		{"GET", one + "/labels/1", "", nil, 200, ""}, {"GET", one + "/labels/history", "", nil, 200, ""},
		{"GET", at + "/pictures", "", nil, 200, ""},
		{"GET", at + "/export?format=csv", "", nil, 200, ""}, {"GET", at + "/export?format=exe", "", nil, 400, ""},
		{"POST", at + "/import?format=csv", bytesType, []byte("text"), 200, ""}, {"POST", at + "/import?format=csv", bytesType, []byte("bad"), 422, ""},
		{"POST", at + "/import?format=project", bytesType, []byte("text"), 400, ""}, {"POST", "/api/v1/import?format=csv", bytesType, []byte("text"), 400, ""},
		{"GET", "/api/v1/formats", "", nil, 200, ""},
		{"GET", at + "/jobs", "", nil, 200, ""}, {"GET", job, "", nil, 200, ""}, {"GET", at + "/jobs/" + none, "", nil, 404, ""},
		{"GET", job + "/log", "", nil, 200, ""}, {"GET", job + "/sample", "", nil, 404, ""},
		{"POST", at + "/jobs", asJSON, []byte(`{"supervision":"semi","preset":"fast","seed":18446744073709551615,"deploy":true}`), 202, ""},
		{"POST", at + "/jobs", asJSON, []byte(`{"preset":"fast"}`), 422, ""}, {"DELETE", job, "", nil, 204, ""},
		{"GET", at + "/models", "", nil, 200, ""}, {"GET", model, "", nil, 200, ""}, {"GET", at + "/models/" + none, "", nil, 404, ""},
		{"GET", model + "/file", "", nil, 200, ""}, {"GET", model + "/evaluation", "", nil, 200, ""},
		{"GET", at + "/threshold", "", nil, 404, ""}, {"POST", at + "/models/rollback", "", nil, 409, ""},
		{"POST", model + "/deploy", "", nil, 200, ""}, {"POST", at + "/models/" + string(models[1].ID) + "/deploy", "", nil, 200, ""},
		{"POST", at + "/models/rollback", "", nil, 200, ""}, {"GET", at + "/threshold", "", nil, 200, ""},
		{"PUT", at + "/threshold", asJSON, []byte(`{"threshold":1.5}`), 200, ""}, {"PUT", at + "/threshold", asJSON, []byte(`{"threshold":0}`), 400, ""},
		{"DELETE", model, "", nil, 422, ""}, {"DELETE", at + "/models/" + string(models[1].ID), "", nil, 204, ""},
		{"GET", at + "/advice", "", nil, 200, ""}, {"GET", at + "/next?n=3", "", nil, 200, ""}, {"GET", at + "/next?n=0", "", nil, 400, ""},
		{"GET", at + "/report", "", nil, 200, ""}, {"GET", at + "/report.html", "", nil, 200, ""},
		{"DELETE", one, "", nil, 204, ""}, {"GET", one, "", nil, 404, ""}, {"DELETE", at, "", nil, 204, ""}, {"DELETE", at, "", nil, 404, ""},
	} {
		req := httptest.NewRequest(r.method, "http://localhost"+r.path, bytes.NewReader(r.body))
		if r.kind != "" {
			req.Header.Set("Content-Type", r.kind)
		}
		if name, value, ok := strings.Cut(r.header, ": "); ok {
			req.Header.Set(name, value)
		}
		req.RemoteAddr = "127.0.0.1:1234"
		checkAgainst(t, router, b.Handler(), req, r.status)
	}
}

func TestAServerWithoutProjectsHasNoRoutesOfThem(t *testing.T) {
	r := newRig(t, Config{}, nil)
	if resp := r.get("/api/v1/projects", nil); resp.StatusCode != 404 {
		t.Errorf("answered %d", resp.StatusCode)
	}
}
