package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"semirest/shared/block"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// fakeGallery has one picture.
type fakeGallery struct{}

func (fakeGallery) Pictures() []Sample {
	return []Sample{{Name: "synthetic-a", Title: "A (synthetic)", Detector: "fake", Kind: "good", Size: prep.Size{W: 4, H: 4}}}
}

func (fakeGallery) File(name string, view View) ([]byte, bool) {
	return []byte{0x89, 'P', 'N', 'G', byte(view)}, name == "synthetic-a"
}

func form(t *testing.T, part, name string, data []byte) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	f, err := w.CreateFormFile(part, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

// upload posts a picture and returns what came back.
func (r *rig) upload(t *testing.T, path, name string, data []byte) (status int, result resultJSON, f fault) {
	t.Helper()
	kind, body := form(t, "picture", name, data)
	resp, err := http.Post(r.http.URL+path, kind, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		resultJSON
		Error fault `json:"error"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return resp.StatusCode, answer.resultJSON, answer.Error
}

func pngOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnUploadedPictureGetsAVerdict(t *testing.T) {
	r := newRig(t, Config{}, nil)
	m := image.NewGray(image.Rect(0, 0, 128, 96)) // twice the input: blocks of 32 pixels
	for i := range m.Pix {
		m.Pix[i] = 40
	}
	for y := 32; y < 64; y++ {
		for x := 96; x < 128; x++ {
			m.SetGray(x, y, color.Gray{Y: 240})
		}
	}
	status, got, f := r.upload(t, "/api/v1/score", "a.png", pngOf(t, m))
	if status != 200 {
		t.Fatalf("%d %+v", status, f)
	}
	if got.Verdict != "anomalous" || got.Hottest != (block.Area{Row: 1, Col: 3, X0: 96, Y0: 32, X1: 128, Y1: 64}) || got.Crops != 1 || got.Detector != "fake" {
		t.Errorf("result %+v", got)
	}
	if math.Abs(float64(got.Score)-2.4) > 0.1 || got.Score != got.Grid.Scores[1*4+3] || len(got.Grid.Scores) != 12 {
		t.Errorf("score %v of %v", got.Score, got.Grid)
	}
	status, got, _ = r.upload(t, "/api/v1/score", "b.png", pngOf(t, flat(99, 200, 100)))
	if status != 200 || got.Verdict != "normal" || math.Abs(float64(got.Score)-0.99) > 1e-6 {
		t.Errorf("just below the threshold: %d %+v", status, got)
	}
}

// TestTilesOfAnUploadAreMerged scores a picture whose brightness is that of its place, so a tile put in the wrong place
// would show.
func TestTilesOfAnUploadAreMerged(t *testing.T) {
	sc := &brightness{}
	r := newRig(t, Config{Queue: 2}, sc)
	tiled := fakeDetector("tiled", sc)
	tiled.Tile = prep.Tile{Ref: 256, Overlap: 16}
	if err := r.Install(tiled); err != nil {
		t.Fatal(err)
	}
	m := image.NewGray(image.Rect(0, 0, 256, 128))
	for y := range 128 {
		for x := range 256 {
			m.SetGray(x, y, color.Gray{Y: uint8(x/16*8 + y/16)})
		}
	}
	status, got, f := r.upload(t, "/api/v1/score?detector=tiled", "a.png", pngOf(t, m))
	if status != 200 {
		t.Fatalf("%d %+v", status, f)
	}
	if got.Grid.Rows != 8 || got.Grid.Cols != 16 || got.Crops < 10 {
		t.Fatalf("grid %d x %d of %d crops", got.Grid.Rows, got.Grid.Cols, got.Crops)
	}
	for i, v := range got.Grid.Scores {
		if want := float64(i%16*8+i/16) / 100; math.Abs(float64(v)-want) > 1e-5 {
			t.Fatalf("block %d, %d: %v, want %v", i/16, i%16, v, want)
		}
	}
}

func TestAnUploadMeetsAFullQueue(t *testing.T) {
	sc := &brightness{gate: make(chan struct{}), begun: make(chan struct{}, 10)}
	r := newRig(t, Config{Queue: 1}, sc)
	d, det := r.open()
	d.send(cropOf(det, 1, grey(0)))
	<-sc.begun
	d.send(cropOf(det, 2, grey(0)))
	eventually(t, "the queue is full", func() bool { return r.queue.len() == 1 })
	kind, body := form(t, "picture", "a.png", pngOf(t, flat(1, 8, 8)))
	resp, err := http.Post(r.http.URL+"/api/v1/score", kind, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("answered %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	close(sc.gate)
}

func TestUploadsAreBounded(t *testing.T) {
	r := newRig(t, Config{}, nil)
	kind, _ := form(t, "picture", "a.png", nil)
	var slow []*io.PipeWriter
	for range uploadsEach {
		body, w := io.Pipe()
		slow = append(slow, w)
		go func() {
			if resp, err := http.Post(r.http.URL+"/api/v1/score", kind, body); err == nil {
				_ = resp.Body.Close()
			}
		}()
	}
	eventually(t, "all uploads are under way", func() bool { return r.uploads.len() == uploadsEach })
	if status, _, f := r.upload(t, "/api/v1/score", "a.png", pngOf(t, flat(1, 8, 8))); status != 503 || f.Code != codeBusy {
		t.Errorf("one more: %d %+v", status, f)
	}
	for _, w := range slow {
		_ = w.Close()
	}
	eventually(t, "the uploads ended", func() bool { return r.uploads.len() == 0 })
	if status, _, f := r.upload(t, "/api/v1/score", "a.png", pngOf(t, flat(1, 8, 8))); status != 200 {
		t.Errorf("after they ended: %d %+v", status, f)
	}
}

// TestOpenAPIFile holds openapi.yaml to the routes, both ways, and real answers to its schemas.
func TestOpenAPIFile(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, Config{Version: "test", Gallery: fakeGallery{}})
	r := b.rig
	r.Tell("k", Progress{What: "Fitting", Done: 1, Total: 2, Left: time.Second})
	r.Tell("bad", Progress{What: "Fitting", Ended: true, Failed: "no library"})

	described := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			described[method+" "+path] = true
		}
	}
	served := map[string]bool{}
	for _, route := range r.echo.Routes() {
		if strings.HasPrefix(route.Path, "/api/v1/") && !strings.Contains(route.Path, "*") {
			parts := strings.Split(route.Path, "/")
			for i, p := range parts {
				if strings.HasPrefix(p, ":") {
					parts[i] = "{" + p[1:] + "}"
				}
			}
			served[route.Method+" "+strings.Join(parts, "/")] = true
		}
	}
	for op := range served {
		if !described[op] {
			t.Errorf("%s is served and not described", op)
		}
	}
	for op := range described {
		if !served[op] {
			t.Errorf("%s is described and not served", op)
		}
	}
	if len(served) < 12 {
		t.Errorf("only %d routes were looked at", len(served))
	}

	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	kind, body := form(t, "picture", "a.png", pngOf(t, flat(10, 8, 8)))
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/api/v1/version", 200}, {"GET", "/api/v1/limits", 200}, {"GET", "/api/v1/progress", 200},
		{"GET", "/api/v1/detectors", 200}, {"GET", "/api/v1/detectors/fake", 200}, {"GET", "/api/v1/detectors/none", 404},
		{"GET", "/api/v1/demo/pictures", 200}, {"GET", "/api/v1/demo/pictures/synthetic-a", 200},
		{"GET", "/api/v1/demo/pictures/synthetic-a/mask", 200}, {"GET", "/api/v1/demo/pictures/synthetic-a/thumbnail", 200},
		{"GET", "/api/v1/demo/pictures/none", 404}, {"GET", "/api/v1/demo/pictures/none/mask", 404},
		{"POST", "/api/v1/score", 200}, {"POST", "/api/v1/score?detector=none", 404},
		{"GET", "/api/v1/stream", 400}, {"GET", "/api/v1/openapi.yaml", 200},
	} {
		req := httptest.NewRequest(c.method, "http://localhost"+c.path, nil)
		if c.method == "POST" {
			req = httptest.NewRequest(c.method, "http://localhost"+c.path, bytes.NewReader(body))
			req.Header.Set("Content-Type", kind)
		}
		req.RemoteAddr = "127.0.0.1:1234" // without accounts only people on the machine may everything
		checkAgainst(t, router, r.Handler(), req, c.status)
	}
	b.holdProjectsAgainst(router)
}

func checkAgainst(t *testing.T, router routers.Router, h http.Handler, req *http.Request, status int) {
	t.Helper()
	route, params, err := router.FindRoute(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	if rec.Code != status {
		t.Errorf("%s %s: %d, want %d: %s", req.Method, req.URL, rec.Code, status, rec.Body)
	}
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: rec.Code, Header: rec.Result().Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if kind := rec.Header().Get("Content-Type"); strings.HasPrefix(kind, "application/json") {
		out.SetBodyBytes(rec.Body.Bytes())
	} else {
		out.Options.ExcludeResponseBody = true // files: only their type is described
	}
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		t.Errorf("%s %s: %v", req.Method, req.URL, err)
	}
}

func TestErrorsAreOneJSONObject(t *testing.T) {
	r := newRig(t, Config{Page: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the page") })}, nil)
	for _, c := range []struct {
		method, path, kind, body string
		status                   int
		code                     string
	}{
		{"GET", "/api/v1/nothing", "", "", 404, codeNotFound},
		{"GET", "/api/", "", "", 404, codeNotFound},
		{"GET", "/api/v2/version", "", "", 404, codeNotFound},
		{"POST", "/api/v1/version", "", "", 405, codeMethod},
		{"DELETE", "/api/v1/score", "", "", 405, codeMethod},
		{"POST", "/api/v1/score", "application/json", "{}", 400, codeBadRequest},
		{"POST", "/api/v1/score", "multipart/form-data; boundary=x", "--x\r\n", 400, codeBadRequest},
		{"POST", "/api/v1/score", "multipart/form-data; boundary=x", "--x--\r\n", 400, codeBadRequest},
		{"GET", "/api/v1/demo/pictures/..%2f..%2fetc%2fpasswd", "", "", 404, codeNotFound},
		{"GET", "/api/v1/stream", "", "", 400, codeBadRequest},
	} {
		req, _ := http.NewRequest(c.method, r.http.URL+c.path, strings.NewReader(c.body))
		req.Header.Set("Content-Type", c.kind)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Error fault `json:"error"`
		}
		err = json.NewDecoder(resp.Body).Decode(&got)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != c.status || got.Error.Code != c.code || got.Error.Message == "" {
			t.Errorf("%s %s: %d %+v %v, want %d %s", c.method, c.path, resp.StatusCode, got, err, c.status, c.code)
		}
	}
	if resp := r.get("/anything", nil); resp.StatusCode != 200 {
		t.Errorf("the page: %d", resp.StatusCode)
	}
	// With two detectors one must be named.
	if err := r.Install(fakeDetector("second", r.scorer)); err != nil {
		t.Fatal(err)
	}
	if status, _, f := r.upload(t, "/api/v1/score", "a.png", pngOf(t, flat(1, 8, 8))); status != 400 || f.Code != codeBadRequest {
		t.Errorf("no detector named: %d %+v", status, f)
	}
}

func TestHeadersAreStrict(t *testing.T) {
	r := newRig(t, Config{}, nil)
	h := r.get("/api/v1/version", nil).Header
	for name, want := range map[string]string{
		"Content-Security-Policy":      apiPolicy,
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if h.Get("Access-Control-Allow-Origin") != "" || h.Get("Server") != "" {
		t.Errorf("headers say too much: %v", h)
	}
}

func TestHealthReadinessAndMetrics(t *testing.T) {
	s, err := New(Config{Decode: decodePicture})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(context.Background()) }()
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "http://localhost/readyz", nil))
	if rec.Code != 503 {
		t.Errorf("ready without a detector: %d", rec.Code)
	}
	r := newRig(t, Config{}, nil)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200} {
		if resp := r.get(path, nil); resp.StatusCode != want {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	d, det := r.open()
	d.send(cropOf(det, 1, grey(100)))
	if _, err := d.receive(); err != nil {
		t.Fatal(err)
	}
	d.send(wire.Error{Request: 1, Code: 1, Text: "x"}) // a server's message: an error to be counted
	if _, err := d.receive(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(r.http.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`semirest_crops_total{detector="fake",result="scored"} 1`,
		`semirest_stage_seconds_count{stage="wait"} 1`,
		`semirest_stage_seconds_count{stage="score"} 1`,
		`semirest_queue_crops 0`, `semirest_sessions 1`, `semirest_errors_total{code="bad_message"} 1`,
		`semirest_http_requests_total{route="/healthz",status="200"} 1`, `go_goroutines`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, c := range map[string]Config{
		"no decoder":    {},
		"queue":         {Decode: decodePicture, Queue: -1},
		"frame":         {Decode: decodePicture, MaxFrame: 10},
		"a long frame":  {Decode: decodePicture, MaxFrame: 1 << 30},
		"allowed pages": {Decode: decodePicture, AllowOrigins: []string{"*"}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	r := newRig(t, Config{}, nil)
	good := fakeDetector("x", r.scorer)
	for name, change := range map[string]func(*Detector){
		"no name":      func(d *Detector) { d.Name = "" },
		"no scorer":    func(d *Detector) { d.Scorer = nil },
		"no threshold": func(d *Detector) { d.Threshold = 0 },
		"NaN":          func(d *Detector) { d.Threshold = math.NaN() },
		"infinite":     func(d *Detector) { d.Threshold = math.Inf(1) },
		"block":        func(d *Detector) { d.Block = 7 },
		"input":        func(d *Detector) { d.Input.W = 65 },
		"huge":         func(d *Detector) { d.Input = prep.Size{W: 1600, H: 1600} },
		"just too big": func(d *Detector) { d.Input = prep.Size{W: 704, H: 1984} }, // fits a frame, but not beside its header's room
		"tile":         func(d *Detector) { d.Tile = prep.Tile{Ref: 100, Overlap: 3} },
	} {
		d := good
		change(&d)
		if err := r.Install(d); err == nil {
			t.Errorf("%s: installed", name)
		}
	}
	if n := len(r.detectors.list()); n != 1 {
		t.Errorf("%d detectors after refusals", n)
	}
}

func TestFaultsOfUnknownErrorsTellNothing(t *testing.T) {
	f := faultOf(errors.New("open /secret/path: permission denied"))
	if f.Status != 500 || strings.Contains(f.Message, "secret") {
		t.Errorf("%+v", f)
	}
	codes := []string{codeBadRequest, codeForbidden, codeNotFound, codeMethod, codeTooLarge, codeUnreadable, codeBusy, codeUnavailable, codeInternal,
		codeConflict, codeBadLabels, codeSignedOut, codeSignIn, codeThrottled, codeExists, codeInvalid, codeFull, codeDamaged, codeNoAccounts}
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	enum := doc.Components.Schemas["Fault"].Value.Properties["error"].Value.Properties["code"].Value.Enum
	if len(enum) != len(codes) {
		t.Errorf("openapi.yaml lists %v, the server %v", enum, codes)
	}
	for _, c := range codes {
		if !slices.Contains(enum, any(c)) {
			t.Errorf("openapi.yaml lacks code %s", c)
		}
	}
}
