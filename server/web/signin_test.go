package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"semirest/server/account"
)

// signIn posts a name and a password with a cookie that the browser already has, and returns the answer's cookie.
func (h *house) signIn(name, password, old string) (status int, cookie *http.Cookie, header http.Header) {
	h.t.Helper()
	body, err := json.Marshal(map[string]string{"name": name, "password": password})
	must(h.t, err)
	req := h.request("", "POST", "/api/v1/session", string(body))
	req.Header.Set("Origin", h.http.URL)
	if old != "" {
		req.AddCookie(&http.Cookie{Name: cookieName, Value: old})
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	must(h.t, err)
	defer resp.Body.Close()
	for _, c := range resp.Cookies() {
		if c.Name == cookieName {
			cookie = c
		}
	}
	return resp.StatusCode, cookie, resp.Header
}

func TestSignInMakesANewSession(t *testing.T) {
	h := newHouse(t, account.Options{})
	h.withPassword("vera")
	planted := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // session fixation
	status, cookie, _ := h.signIn("Vera", testPassword, planted)
	if status != 200 || cookie == nil || cookie.Value == planted || len(cookie.Value) < 43 {
		t.Fatalf("%d %v", status, cookie)
	}
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Domain != "" || cookie.Secure {
		t.Errorf("cookie %v", cookie)
	}
	me := func(value string) int {
		h.cookies["she"] = value
		status, _ := h.ask("she", "GET", "/api/v1/me", "")
		return status
	}
	if me(planted) != 401 || me(cookie.Value) != 200 {
		t.Errorf("the planted cookie: %d, the new one: %d", me(planted), me(cookie.Value))
	}
	_, again, _ := h.signIn("vera", testPassword, cookie.Value)
	if me(cookie.Value) != 401 || me(again.Value) != 200 {
		t.Errorf("after another sign-in the old cookie: %d, the new one: %d", me(cookie.Value), me(again.Value))
	}

	h.cookies["she"] = again.Value
	status, text := h.ask("she", "PUT", "/api/v1/me/password", `{"old":"wrong","new":"another password"}`)
	if status != 403 {
		t.Errorf("a wrong old password: %d %s", status, text)
	}
	req := h.request("she", "PUT", "/api/v1/me/password", `{"old":"`+testPassword+`","new":"another password"}`)
	status, text, header := h.send(req)
	if status != 204 || me(again.Value) != 401 {
		t.Errorf("a new password: %d %s; the cookie from before: %d", status, text, me(again.Value))
	}
	if fresh, err := http.ParseSetCookie(header.Get("Set-Cookie")); err != nil || me(fresh.Value) != 200 {
		t.Errorf("the cookie after: %v %v", fresh, err)
	}
	if status, _, _ := h.signIn("vera", testPassword, ""); status != 401 {
		t.Errorf("the old password: %d", status)
	}
	if status, cookie, _ := h.signIn("vera", "another password", ""); status != 200 || cookie == nil {
		t.Errorf("the new password: %d", status)
	}
}

func TestCookiesAreSecureOverTLS(t *testing.T) {
	for want, set := range map[bool]func(r *http.Request){
		true:  func(r *http.Request) { r.Header.Set("Origin", "https://inspect.example") },
		false: func(r *http.Request) { r.Header.Set("Origin", "http://localhost") },
	} {
		r := httptest.NewRequest("POST", "/", nil)
		set(r)
		if encrypted(r) != want {
			t.Errorf("%v: %v", r.Header, !want)
		}
	}
}

func TestGuessingOverHTTPIsThrottled(t *testing.T) {
	h := newHouse(t, account.Options{})
	h.withPassword("vera")
	for i := range 5 {
		if status, cookie, _ := h.signIn("vera", fmt.Sprint("guess ", i), ""); status != 401 || cookie != nil {
			t.Fatalf("guess %d: %d %v", i, status, cookie)
		}
	}
	status, cookie, header := h.signIn("vera", testPassword, "")
	if wait, _ := strconv.Atoi(header.Get("Retry-After")); status != 429 || cookie != nil || wait < 1 || wait > 30 {
		t.Errorf("the right password after five wrong ones: %d, Retry-After %q", status, header.Get("Retry-After"))
	}
	if _, body := h.ask("boss", "GET", "/api/v1/audit", ""); strings.Contains(body, "guess") || strings.Contains(body, testPassword) {
		t.Errorf("the audit log holds what was typed: %s", body)
	}
	if got, _ := h.ask("vera", "GET", "/api/v1/me", ""); got != 200 {
		t.Errorf("the person who is signed in: %d", got)
	}
	// Unknown names are answered the same.
	h.withPassword("lars")
	_, known := h.askSignIn("lars")
	_, unknown := h.askSignIn("nobody.at.all")
	if known != unknown {
		t.Errorf("a known name: %s; an unknown one: %s", known, unknown)
	}
}

// TestProxies: who comes through a proxy that is trusted is told apart by what it says; nobody else is believed.
func TestProxies(t *testing.T) {
	one := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::1/128")}
	for _, c := range []struct {
		proxies               []netip.Prefix
		remote, forwarded, is string
	}{
		{nil, "10.1.2.3:99", "8.8.8.8", "10.1.2.3"},
		{one, "10.1.2.3:99", "8.8.8.8", "8.8.8.8"},
		{one, "[::1]:99", "8.8.8.8, 10.1.0.9", "8.8.8.8"},
		{one, "10.1.2.3:99", "6.6.6.6, 8.8.8.8", "8.8.8.8"}, // the first was written by the client
		{one, "10.1.2.3:99", "", "10.1.2.3"},
		{one, "127.0.0.1:99", "8.8.8.8", "127.0.0.1"},
		{one, "10.2.2.3:99", "8.8.8.8", "10.2.2.3"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := from(c.proxies)(r); got != c.is {
			t.Errorf("%s forwarded for %q by %v: %q, want %q", c.remote, c.forwarded, c.proxies, got, c.is)
		}
	}
}

func (h *house) askSignIn(name string) (int, string) {
	return h.ask("", "POST", "/api/v1/session", `{"name":"`+name+`","password":"guess"}`)
}

// TestForgedRequestsAreRefused: what a foreign page can make a browser send, with the cookie, as if SameSite were not
// there to keep it back.
func TestForgedRequestsAreRefused(t *testing.T) {
	h := newHouse(t, account.Options{})
	at := "/api/v1/projects/" + string(h.theirs.ID)
	for _, c := range []struct {
		what     string
		header   map[string]string
		changing int // the status of a change
		looking  int
	}{
		{"the server's own page", map[string]string{"Origin": h.http.URL, "Sec-Fetch-Site": "same-origin"}, 200, 200},
		{"a foreign page", map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403, 403},
		{"a sandboxed frame", map[string]string{"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403, 403},
		{"another port of this machine", map[string]string{"Origin": "http://localhost:1", "Sec-Fetch-Site": "same-site"}, 403, 403},
		{"a foreign page that hides its origin", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, 200},
		{"another port that hides its origin", map[string]string{"Sec-Fetch-Site": "same-site"}, 403, 200},
		{"the server's own page that hides its origin", map[string]string{"Sec-Fetch-Site": "same-origin"}, 200, 200},
		{"who says nothing of a page", nil, 403, 200},
	} {
		for method, want := range map[string]int{"PATCH": c.changing, "GET": c.looking} {
			body := ""
			if method == "PATCH" {
				body = `{"name":"renamed"}`
			}
			req := h.request("anna", method, at, body)
			req.Header.Del("Origin")
			for k, v := range c.header {
				req.Header.Set(k, v)
			}
			if got, text, _ := h.send(req); got != want {
				t.Errorf("%s from %s: %d, want %d: %s", method, c.what, got, want, text)
			}
		}
	}
	// A form can send JSON as text/plain, without asking first.
	req := h.request("anna", "PATCH", at, `{"name":"renamed"}`)
	req.Header.Set("Content-Type", "text/plain")
	if got, text, _ := h.send(req); got != http.StatusUnsupportedMediaType {
		t.Errorf("JSON as text: %d %s", got, text)
	}
	// A script with a token is not a browser.
	if got, text := h.ask("token anna", "PATCH", at, `{"name":"renamed by a script"}`); got != 200 {
		t.Errorf("a script: %d %s", got, text)
	}
	// Where there are no accounts there is no cookie to forge with, but a page that is not ours is still refused.
	r := newRig(t, Config{}, nil)
	req, err := http.NewRequest("DELETE", r.http.URL+"/api/v1/session", nil)
	must(t, err)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if got, text, _ := (&house{rig: r}).send(req); got != 403 {
		t.Errorf("without accounts: %d %s", got, text)
	}
}

// TestNamesAreNeverMarkup: what people call things comes back as JSON that no browser takes for a page.
func TestNamesAreNeverMarkup(t *testing.T) {
	h := newHouse(t, account.Options{})
	const script = `<script>alert(1)</script>"'&`
	quoted, err := json.Marshal(script)
	must(t, err)
	name := string(quoted)
	at := "/api/v1/projects/" + string(h.theirs.ID)
	for _, c := range []struct{ as, method, path, body string }{
		{"anna", "PATCH", at, `{"name":` + name + `}`},
		{"anna", "PATCH", at + "/pictures/" + string(h.picture.ID), `{"kind":` + name + `}`},
		{"anna", "POST", "/api/v1/tokens", `{"name":` + name + `,"days":1}`},
	} {
		if got, text := h.ask(c.as, c.method, c.path, c.body); got/100 != 2 {
			t.Fatalf("%s %s: %d %s", c.method, c.path, got, text)
		}
	}
	if got, text := h.ask("boss", "POST", "/api/v1/users", `{"name":`+name+`,"password":"`+testPassword+`"}`); got != 422 {
		t.Errorf("a person called that: %d %s", got, text)
	}
	found := 0
	for _, path := range []string{"/api/v1/projects", at, at + "/pictures", at + "/pictures/" + string(h.picture.ID), "/api/v1/tokens", at + "/audit",
		"/api/v1/users/%3Cscript%3E", "/api/v1/detectors/%3Cscript%3E", "/api/v1/%3Cscript%3Ealert(1)%3C/script%3E"} {
		method := "GET"
		if strings.Contains(path, "/users/") {
			method = "DELETE"
		}
		_, text, header := h.send(h.request(map[bool]string{true: "boss", false: "anna"}[method == "DELETE"], method, path, ""))
		if strings.Contains(text, "<script>") || !strings.HasPrefix(header.Get("Content-Type"), "application/json") ||
			header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %v %s", path, header, text)
		}
		var answer any
		must(t, json.Unmarshal([]byte(text), &answer))
		if strings.Contains(fmt.Sprint(answer), script) {
			found++
		}
	}
	if found < 5 {
		t.Errorf("the name came back whole only %d times", found)
	}
}

// TestWithoutAccounts: this machine may everything, others may score pictures.
func TestWithoutAccounts(t *testing.T) {
	h := newHouse(t, account.Options{})
	open, err := account.New(h.store, account.Options{})
	must(t, err)
	for _, accounts := range []Accounts{nil, open} {
		h.rig.config.Accounts = accounts
		for _, c := range []struct {
			from, forwarded string
			path            string
			status          int
		}{
			{"127.0.0.1:99", "", "/api/v1/projects", 200},
			{"[::1]:99", "", "/api/v1/users", 200},
			{"[::ffff:127.0.0.1]:99", "", "/api/v1/me", 200},
			{"192.168.0.7:99", "", "/api/v1/projects", 403},
			{"192.168.0.7:99", "", "/api/v1/projects/" + string(h.theirs.ID), 403},
			{"192.168.0.7:99", "", "/api/v1/me", 403},
			{"192.168.0.7:99", "", "/api/v1/audit", 403},
			{"192.168.0.7:99", "", "/api/v1/detectors", 200},
			{"192.168.0.7:99", "", "/api/v1/detectors/project%2F" + string(h.theirs.ID), 404},
			{"127.0.0.1:99", "", "/api/v1/detectors/project%2F" + string(h.theirs.ID), 200},
			{"127.0.0.1:99", "10.0.0.1", "/api/v1/projects", 403}, // a proxy on this machine
			{"nonsense", "", "/api/v1/projects", 403},
		} {
			req := httptest.NewRequest("GET", "http://localhost"+c.path, nil)
			req.RemoteAddr = c.from
			if c.forwarded != "" {
				req.Header.Set("X-Forwarded-For", c.forwarded)
			}
			rec := httptest.NewRecorder()
			h.Handler().ServeHTTP(rec, req)
			if rec.Code != c.status {
				t.Errorf("%s from %s (%s): %d, want %d: %s", c.path, c.from, c.forwarded, rec.Code, c.status, rec.Body)
			}
		}
	}
	status, text := h.ask("", "GET", "/api/v1/me", "")
	if status != 200 || !strings.Contains(text, `"auth":false`) || !strings.Contains(text, `"name":"local"`) {
		t.Errorf("%d %s", status, text)
	}
	for _, c := range [][3]string{{"POST", "/api/v1/session", `{"name":"x","password":"y"}`}, {"POST", "/api/v1/tokens", `{"name":"x"}`}, {"POST", "/api/v1/users", `{}`}} {
		if got, text := h.ask("", c[0], c[1], c[2]); got != 409 || !strings.Contains(text, "--auth") {
			t.Errorf("%s %s: %d %s", c[0], c[1], got, text)
		}
	}
	if got, _ := h.ask("", "PATCH", "/api/v1/projects/"+string(h.theirs.ID), `{"name":"by hand"}`); got != 200 {
		t.Errorf("a change by the person on the machine: %d", got)
	}
	if _, text := h.ask("", "GET", "/api/v1/audit", ""); !strings.Contains(text, `"user":"local"`) {
		t.Errorf("the audit log: %s", text)
	}
}
