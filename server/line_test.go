package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"semirest/server/demo"
)

// A folder is watched, what is found is told and kept, a wrong verdict goes into a project, and all of it is as
// openapi.yaml says; a server that is started again goes on.
func TestALineOnThePage(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	dir := t.TempDir()
	model, in, to := filepath.Join(dir, "metal.safetensors"), filepath.Join(dir, "in"), filepath.Join(dir, "found")
	smallModel(t, model)
	gallery := demo.NewGallery()
	drop := func(name string) {
		t.Helper()
		for _, e := range gallery.Entries() {
			if e.Surface == "brushed-metal" && e.Kind != "good" {
				data, _ := gallery.Image(e.Name)
				m, err := png.Decode(bytes.NewReader(data))
				if err != nil {
					t.Fatal(err)
				}
				if err := writeImage(filepath.Join(in, name), m); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
	}
	drop("a.png")
	run := func(work func(ask func(method, path string, body any, out any) int)) {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		out, done := new(lockedBuffer), make(chan error, 1)
		cmd := newServeCmd()
		cmd.SetArgs([]string{"--model", model, "--addr", "127.0.0.1:0", "--log-level", "error"})
		cmd.SetOut(out)
		cmd.SetErr(out)
		go func() { done <- cmd.ExecuteContext(ctx) }()
		var url string
		for end := time.Now().Add(20 * time.Second); url == "" && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if _, after, ok := strings.Cut(out.String(), "SemiREST is at "); ok && strings.Contains(after, "\n") {
				url, _, _ = strings.Cut(after, "\n")
			}
		}
		doc, err := openapi3.NewLoader().LoadFromData(fetch(t, url+"/api/v1/openapi.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		doc.Servers = nil
		router, err := gorillamux.NewRouter(doc)
		if err != nil {
			t.Fatal(err)
		}
		work(func(method, path string, body any, into any) int {
			t.Helper()
			text, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			q, err := http.NewRequestWithContext(t.Context(), method, url+"/api/v1"+path, bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			q.Header.Set("Content-Type", "application/json")
			r, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			answer, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			route, params, err := router.FindRoute(q)
			if err != nil {
				t.Fatal(err)
			}
			described := &openapi3filter.ResponseValidationInput{
				RequestValidationInput: &openapi3filter.RequestValidationInput{Request: q, PathParams: params, Route: route},
				Status:                 r.StatusCode, Header: r.Header, Options: &openapi3filter.Options{IncludeResponseStatus: true},
			}
			if err := openapi3filter.ValidateResponse(t.Context(), described.SetBodyBytes(answer)); err != nil {
				t.Errorf("%s %s: %v", method, path, err)
			}
			if into != nil {
				if err := json.Unmarshal(answer, into); err != nil {
					t.Fatalf("%s %s: %d %s", method, path, r.StatusCode, answer)
				}
			}
			return r.StatusCode
		})
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	type found struct {
		Verdicts []struct {
			ID, Picture, Verdict, Detector, Model, Judged string
			Score                                         float64
			Regions                                       int
			Kept, Thumbnail                               bool
		}
		Counts []struct{ Defect int }
	}
	wait := func(ask func(string, string, any, any) int, n int) (f found) {
		t.Helper()
		for range 400 {
			f = found{}
			ask("GET", "/line/verdicts?limit=10", nil, &f)
			if len(f.Verdicts) == n {
				return f
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("%d verdicts, not %d", len(f.Verdicts), n)
		return f
	}
	run(func(ask func(string, string, any, any) int) {
		source := map[string]any{"name": "line 3", "address": in, "detector": "metal"}
		for _, c := range []struct {
			path string
			body any
			want int
		}{
			{"/line/sinks", map[string]any{"name": "folder", "address": to}, 201},
			{"/line/sinks", map[string]any{"name": "folder", "address": to}, 409},
			{"/line/sinks", map[string]any{"name": "x", "address": "ftp://x/y"}, 422},
			{"/line/sources", source, 201}, {"/line/sources", source, 409},
			{"/line/sources", map[string]any{"name": "x", "address": in + "/missing"}, 422},
			{"/line/sources", map[string]any{"name": "x", "where": in}, 422},
			{"/line/sources/line%203/trigger", nil, 422}, {"/line/sources/nobody/trigger", nil, 404},
		} {
			if got := ask("POST", c.path, c.body, nil); got != c.want {
				t.Errorf("POST %s %v: %d, not %d", c.path, c.body, got, c.want)
			}
		}
		v := wait(ask, 1).Verdicts[0]
		if v.Picture != "a.png" || v.Verdict != "defect" || v.Score < 1 || v.Regions == 0 || v.Detector != "metal" || len(v.Model) != 16 || !v.Kept || !v.Thumbnail {
			t.Errorf("%+v", v)
		}
		ask("GET", "/line/sources", nil, nil)
		ask("GET", "/line/sinks", nil, nil)
		for _, path := range []string{"/line/sources/line%203/frame", "/line/verdicts/" + v.ID + "/thumbnail"} {
			if got := ask("GET", path, nil, nil); got != 200 {
				t.Errorf("GET %s: %d", path, got)
			}
		}
		var p struct{ ID string }
		ask("POST", "/projects", map[string]any{"name": "line 3"}, &p)
		at := "/line/verdicts/" + v.ID + "/judgement"
		if got := ask("POST", at, map[string]any{"project": p.ID, "as": "perhaps"}, nil); got != 400 {
			t.Errorf("as perhaps: %d", got)
		}
		if got := ask("POST", at, map[string]any{"project": strings.Repeat("a", 16), "as": "normal"}, nil); got != 404 {
			t.Errorf("a project that is not there: %d", got)
		}
		if got := ask("POST", at, map[string]any{"project": p.ID, "as": "normal"}, nil); got != 200 {
			t.Errorf("as normal: %d", got)
		}
		var pictures struct {
			Pictures []struct{ Name, Role string }
		}
		if ask("GET", "/projects/"+p.ID+"/pictures", nil, &pictures); len(pictures.Pictures) != 1 || pictures.Pictures[0].Role != "normal" || pictures.Pictures[0].Name != "a.png" {
			t.Errorf("the project has %+v", pictures)
		}
		for query, want := range map[string]int{"?verdict=normal": 0, "?verdict=defect&source=line%203": 1, "?source=other": 0, "?day=" + time.Now().UTC().Format(time.DateOnly): 1, "?day=2001-01-01": 0} {
			var f found
			if ask("GET", "/line/verdicts"+query, nil, &f); len(f.Verdicts) != want {
				t.Errorf("%s: %d verdicts, not %d", query, len(f.Verdicts), want)
			}
		}
		for _, query := range []string{"?verdict=odd", "?day=yesterday", "?limit=0"} {
			if got := ask("GET", "/line/verdicts"+query, nil, nil); got != 422 {
				t.Errorf("%s: %d", query, got)
			}
		}
		if got := ask("PATCH", "/line/sources/line%203", map[string]any{"paused": true}, nil); got != 204 {
			t.Errorf("paused: %d", got)
		}
	})
	drop("b.png")
	run(func(ask func(string, string, any, any) int) {
		if f := wait(ask, 1); f.Verdicts[0].Judged != "normal" {
			t.Errorf("%+v", f)
		}
		ask("PATCH", "/line/sources/line%203", map[string]any{"paused": false}, nil)
		if f := wait(ask, 2); f.Verdicts[0].Picture != "b.png" || f.Counts[len(f.Counts)-1].Defect != 2 {
			t.Errorf("%+v", f)
		}
		for range 200 {
			if list, _ := filepath.Glob(filepath.Join(to, "*", "*.json")); len(list) == 2 {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if list, err := filepath.Glob(filepath.Join(to, "*", "*.json")); err != nil || len(list) != 2 {
			t.Errorf("told of %q, %v", list, err)
		}
		if got := ask("DELETE", "/line/sources/line%203", nil, nil); got != 204 {
			t.Errorf("removed: %d", got)
		}
		if got := ask("DELETE", "/line/sinks/folder", nil, nil); got != 204 {
			t.Errorf("removed: %d", got)
		}
	})
}
