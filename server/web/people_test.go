package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"semirest/server/account"
	"semirest/server/project"
)

func TestTokensOverHTTP(t *testing.T) {
	h := newHouse(t, account.Options{})
	status, body := h.ask("vera", "POST", "/api/v1/tokens", `{"name":"camera 3","days":7}`)
	var made struct {
		Token  project.Token
		Secret string
	}
	must(t, json.Unmarshal([]byte(body), &made))
	if status != 201 || made.Secret == "" || made.Token.Name != "camera 3" || time.Until(made.Token.Expires) < 6*24*time.Hour {
		t.Fatalf("%d %s", status, body)
	}
	h.tokens["camera"] = made.Secret
	if got, text := h.ask("token camera", "GET", "/api/v1/projects", ""); got != 200 || !strings.Contains(text, "theirs") {
		t.Errorf("the token: %d %s", got, text)
	}
	if _, list := h.ask("vera", "GET", "/api/v1/tokens", ""); strings.Contains(list, made.Secret) || !strings.Contains(list, "camera 3") {
		t.Errorf("the list of tokens: %s", list)
	}
	if _, list := h.ask("karl", "GET", "/api/v1/tokens", ""); strings.Contains(list, "camera 3") {
		t.Errorf("another's list of tokens: %s", list)
	}
	if got, text := h.ask("token camera", "POST", "/api/v1/tokens", `{"name":"for ever","days":300}`); got != 403 {
		t.Errorf("a token makes a token: %d %s", got, text)
	}
	at := "/api/v1/tokens/" + string(made.Token.ID)
	if got, _ := h.ask("karl", "DELETE", at, ""); got != 404 {
		t.Errorf("another deletes it: %d", got)
	}
	if got, text := h.ask("vera", "DELETE", at, ""); got != 204 {
		t.Errorf("its owner deletes it: %d %s", got, text)
	}
	if got, text := h.ask("token camera", "GET", "/api/v1/projects", ""); got != 401 {
		t.Errorf("a deleted token: %d %s", got, text)
	}
	_, secret, err := h.accounts.NewToken(t.Context(), h.people["vera"], "short", time.Minute)
	must(t, err)
	h.tokens["short"] = secret
	if got, _ := h.ask("token short", "GET", "/api/v1/me", ""); got != 200 {
		t.Errorf("a token in time: %d", got)
	}
	h.expireTokens("vera")
	if got, _ := h.ask("token short", "GET", "/api/v1/me", ""); got != 401 {
		t.Errorf("an expired token: %d", got)
	}
	if got, _ := h.ask("vera", "POST", "/api/v1/tokens", `{"name":"x","days":1000}`); got != 400 {
		t.Errorf("a token for 1000 days: %d", got)
	}
}

// expireTokens makes the tokens of a person end now, as time would.
func (h *house) expireTokens(name string) {
	h.t.Helper()
	later, err := account.New(h.store, account.Options{Enabled: true, Now: func() time.Time { return time.Now().Add(time.Hour) }})
	must(h.t, err)
	h.rig.config.Accounts = later
}

func TestPeopleAndRights(t *testing.T) {
	h := newHouse(t, account.Options{})
	for _, c := range []struct {
		as, method, path, body string
		status                 int
		has                    string
	}{
		{"boss", "POST", "/api/v1/users", `{"name":"Nina","password":"` + testPassword + `"}`, 201, `"name":"nina"`},
		{"boss", "POST", "/api/v1/users", `{"name":"nina","password":"` + testPassword + `"}`, 409, "exists"},
		{"boss", "POST", "/api/v1/users", `{"name":"otto","password":"short"}`, 422, "characters"},
		{"boss", "POST", "/api/v1/users", `{"name":"otto","password":"` + testPassword + `","role":"root"}`, 400, "role"},
		{"boss", "GET", "/api/v1/users", "", 200, `"name":"nina"`},
		{"boss", "PATCH", "/api/v1/users/nobody", `{"admin":true}`, 404, ""},
		{"boss", "PATCH", "/api/v1/users/boss", `{"admin":false}`, 422, "only admin"},
		{"boss", "DELETE", "/api/v1/users/boss", "", 422, "only admin"},
		{"anna", "PUT", "/api/v1/projects/PROJECT/rights/nina", `{"level":"labeller"}`, 200, `"level":"labeller"`},
		{"anna", "PUT", "/api/v1/projects/PROJECT/rights/nina", `{"level":"emperor"}`, 400, ""},
		{"anna", "PUT", "/api/v1/projects/PROJECT/rights/nina", `{}`, 400, "level"},
		{"anna", "PUT", "/api/v1/projects/PROJECT/rights/nobody", `{"level":"viewer"}`, 404, ""},
		{"boss", "PUT", "/api/v1/projects/aaaaaaaaaaaaaaaa/rights/nina", `{"level":"viewer"}`, 404, ""},
		{"vera", "GET", "/api/v1/projects/PROJECT/rights", "", 200, `"name":"nina"`},
		{"anna", "DELETE", "/api/v1/projects/PROJECT/rights/nina", "", 204, ""},
		{"anna", "GET", "/api/v1/projects/PROJECT/audit?limit=1", "", 200, `"detail":"nobody"`},
		{"anna", "GET", "/api/v1/projects/PROJECT/audit?limit=0", "", 400, "limit"},
		{"anna", "GET", "/api/v1/projects/PROJECT/audit?before=yesterday", "", 400, "before"},
		{"boss", "GET", "/api/v1/audit?action=add+user", "", 200, `"object":"nina"`},
		{"boss", "GET", "/api/v1/audit?user=anna", "", 200, "give right"},
		{"boss", "GET", "/api/v1/audit?before=2001-01-01T00:00:00Z", "", 200, `"events":[]`},
		{"vera", "GET", "/api/v1/me", "", 200, `"levels":{"PROJECT":"viewer"}`},
	} {
		put := strings.NewReplacer("PROJECT", string(h.theirs.ID))
		if got, text := h.ask(c.as, c.method, put.Replace(c.path), c.body); got != c.status || !strings.Contains(text, put.Replace(c.has)) {
			t.Errorf("%s %s %s as %s: %d, want %d with %s: %s", c.method, c.path, c.body, c.as, got, c.status, c.has, text)
		}
	}
	if _, text := h.ask("boss", "GET", "/api/v1/users", ""); strings.Contains(text, "argon2") || strings.Contains(text, "hash") {
		t.Errorf("the list of people holds hashes: %s", text)
	}
	// Who makes a project is its admin, and nobody else has a level in it.
	_, text := h.ask("karl", "POST", "/api/v1/projects", `{"name":"new"}`)
	var p project.Project
	must(t, json.Unmarshal([]byte(text), &p))
	for as, want := range map[string]int{"karl": 200, "anna": 404, "boss": 200} {
		if got, text := h.ask(as, "GET", "/api/v1/projects/"+string(p.ID)+"/audit", ""); got != want {
			t.Errorf("the new project's log for %s: %d %s", as, got, text)
		}
	}
}

func TestWhatAPersonSendsIsBounded(t *testing.T) {
	h := newHouse(t, account.Options{Requests: 0.001, Burst: 10, BytesPerDay: 1000})
	status, n := 0, 0
	for ; n < 20; n++ {
		if status, _ = h.ask("vera", "GET", "/api/v1/me", ""); status != 200 {
			break
		}
	}
	if status != 429 || n != 10 {
		t.Errorf("request %d: %d, want 429 after 10", n, status)
	}
	if got, _ := h.ask("token vera", "GET", "/api/v1/me", ""); got != 429 {
		t.Errorf("the same person by token: %d", got)
	}
	if got, _ := h.ask("lars", "GET", "/api/v1/me", ""); got != 200 {
		t.Errorf("another person: %d", got)
	}
	big := strings.Repeat(" ", 1001)
	if got, text := h.ask("lars", "POST", "/api/v1/tokens", big); got != 429 {
		t.Errorf("more bytes than a day has: %d %s", got, text)
	}
	req := h.request("lars", "POST", "/api/v1/tokens", "{}")
	req.Body, req.ContentLength = http.NoBody, -1
	req.Body = struct {
		*strings.Reader
		closer
	}{strings.NewReader(big), closer{}}
	if got, text, _ := h.send(req); got == 201 || got == 200 {
		t.Errorf("more bytes than a day has, without saying so: %d %s", got, text)
	}
}

type closer struct{}

func (closer) Close() error { return nil }

// TestAnswersAboutPeopleAreDescribed holds real answers to openapi.yaml.
func TestAnswersAboutPeopleAreDescribed(t *testing.T) {
	h := newHouse(t, account.Options{})
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	must(t, err)
	router, err := gorillamux.NewRouter(doc)
	must(t, err)
	at := "/api/v1/projects/" + string(h.theirs.ID)
	for _, c := range []struct {
		as, method, path, body string
		status                 int
	}{
		{"vera", "GET", "/api/v1/me", "", 200}, {"", "GET", "/api/v1/me", "", 401},
		{"", "POST", "/api/v1/session", `{"name":"x","password":"y"}`, 401},
		{"vera", "PUT", "/api/v1/me/password", `{"old":"x","new":"y"}`, 422},
		{"vera", "POST", "/api/v1/tokens", `{"name":"x"}`, 201}, {"vera", "GET", "/api/v1/tokens", "", 200},
		{"vera", "DELETE", "/api/v1/tokens/aaaaaaaaaaaaaaaa", "", 404},
		{"boss", "GET", "/api/v1/users", "", 200}, {"vera", "GET", "/api/v1/users", "", 403},
		{"boss", "PATCH", "/api/v1/users/karl", `{"admin":true}`, 200}, {"boss", "POST", "/api/v1/users", `{"name":"x","password":"y"}`, 422},
		{"anna", "PUT", at + "/rights/karl", `{"level":"viewer"}`, 200}, {"anna", "GET", at + "/rights", "", 200},
		{"anna", "DELETE", at + "/rights/karl", "", 204}, {"anna", "GET", at + "/audit", "", 200}, {"boss", "GET", "/api/v1/audit", "", 200},
		{"boss", "DELETE", "/api/v1/users/karl", "", 204}, {"vera", "DELETE", "/api/v1/session", "", 204},
	} {
		req := h.request(c.as, c.method, c.path, c.body)
		req.URL.Scheme, req.URL.Host = "http", "localhost"
		checkAgainst(t, router, h.Handler(), req, c.status)
	}
}
