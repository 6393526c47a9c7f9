package web

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"semirest/server/account"
	"semirest/server/project"
)

// callers of the table test, and what the table says of each row.
var callers = []string{"", "karl", "vera", "lars", "anna", "boss", "token karl", "token vera", "token lars", "token anna", "token boss"}

func wanted(as string, row need) int {
	name, token := strings.CutPrefix(as, "token ")
	level := map[string]project.Level{"vera": project.Viewer, "lars": project.Labeller, "anna": project.Admin, "boss": project.Admin}[name]
	switch {
	case row == anyone:
		return 200
	case as == "":
		return 401
	case row == present && token, row == owner && name != "boss":
		return 403
	case row.level() > project.Nobody && level == project.Nobody:
		return 404
	case row.level() > level:
		return 403
	}
	return 200
}

// TestEveryRouteIsHeldToTheTable asks every route that the server has as everybody, with the handlers taken out, so that
// it is safe to ask for deletion.
func TestEveryRouteIsHeldToTheTable(t *testing.T) {
	h := newHouse(t, account.Options{})
	asked := 0
	for _, route := range h.echo.Routes() {
		row, ok := access[route.Method+" "+route.Path]
		if !ok {
			row = access[anyMethod+" "+route.Path]
		}
		if row == nobody {
			t.Errorf("%s %s has no row in the table of access", route.Method, route.Path)
		}
		for _, as := range callers {
			req := h.request(as, route.Method, h.path(route.Path, h.theirs.ID), "")
			req.RemoteAddr = "127.0.0.1:1"
			rec := httptest.NewRecorder()
			c := h.echo.NewContext(req, rec)
			h.echo.Router().Find(route.Method, req.URL.Path, c)
			got := 200
			if err := h.authorise(func(c echo.Context) error {
				if w := who(c); row != anyone && (w.by == byNothing || !strings.HasSuffix(as, w.Name)) {
					t.Errorf("%s %s as %q: the handler takes the caller for %q", route.Method, route.Path, as, w.Name)
				}
				return nil
			})(c); err != nil {
				got = faultOf(err).Status
			}
			if want := wanted(as, row); got != want {
				t.Errorf("%s %s as %q: %d, want %d", route.Method, route.Path, as, got, want)
			}
			asked++
		}
	}
	if asked < 11*70 {
		t.Errorf("only %d questions were asked", asked)
	}
	for key := range access {
		method, path, _ := strings.Cut(key, " ")
		if !slices.ContainsFunc(h.echo.Routes(), func(r *echo.Route) bool {
			return r.Path == path && (r.Method == method || method == anyMethod)
		}) {
			t.Errorf("the table of access has a row for %s, which is no route", key)
		}
	}
}

// TestWhatIsTheirsIsRefused asks through the whole server: as a stranger and as a guest for all that is theirs, as a
// viewer for all that changes it, and as a stranger for their things under the address of the stranger's own project.
func TestWhatIsTheirsIsRefused(t *testing.T) {
	h := newHouse(t, account.Options{})
	before := h.contents()
	for _, route := range h.echo.Routes() {
		row := access[route.Method+" "+route.Path]
		if row.level() == project.Nobody {
			continue
		}
		for as, want := range map[string]int{"": 401, "karl": 404, "token karl": 404} {
			if got, body := h.ask(as, route.Method, h.path(route.Path, h.theirs.ID), "{}"); got != want {
				t.Errorf("%s %s as %q: %d, want %d: %s", route.Method, route.Path, as, got, want, body)
			}
		}
		if row != viewer {
			if got, body := h.ask("vera", route.Method, h.path(route.Path, h.theirs.ID), "{}"); got != 403 {
				t.Errorf("%s %s as a viewer: %d: %s", route.Method, route.Path, got, body)
			}
		}
		if strings.Contains(route.Path, ":picture") || strings.Contains(route.Path, ":job") || strings.Contains(route.Path, ":model") {
			for _, as := range []string{"karl", "boss"} { // even who may both: the address is wrong
				if got, body := h.ask(as, route.Method, h.path(route.Path, h.his.ID), "{}"); got != 404 {
					t.Errorf("%s %s, theirs under his project, as %s: %d: %s", route.Method, route.Path, as, got, body)
				}
			}
		}
	}
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/threshold?model=" + string(h.model.ID), ""},
		{"PUT", "/threshold", `{"model":"` + string(h.model.ID) + `","threshold":2}`},
	} {
		if got, body := h.ask("karl", c.method, "/api/v1/projects/"+string(h.his.ID)+c.path, c.body); got != 404 {
			t.Errorf("%s %s with their model in his project: %d: %s", c.method, c.path, got, body)
		}
	}
	if after := h.contents(); after != before {
		t.Errorf("what was refused changed the project:\n%s\n%s", before, after)
	}

	// A project that is not there and one that is theirs look the same.
	_, secret := h.ask("karl", "GET", "/api/v1/projects/"+string(h.theirs.ID), "")
	_, none := h.ask("karl", "GET", "/api/v1/projects/aaaaaaaaaaaaaaaa", "")
	if secret != none {
		t.Errorf("their project: %s; none: %s", secret, none)
	}
	for as, want := range map[string]bool{"karl": false, "vera": true, "boss": true} {
		if _, list := h.ask(as, "GET", "/api/v1/projects", ""); strings.Contains(list, string(h.theirs.ID)) != want {
			t.Errorf("the list of projects of %s: %s", as, list)
		}
		if _, list := h.ask(as, "GET", "/api/v1/detectors", ""); strings.Contains(list, string(h.theirs.ID)) != want {
			t.Errorf("the list of detectors of %s: %s", as, list)
		}
		got, _ := h.ask(as, "GET", "/api/v1/detectors/project%2F"+string(h.theirs.ID), "")
		if (got == 200) != want {
			t.Errorf("their detector for %s: %d", as, got)
		}
		kind, body := form(t, "picture", "a.png", pngOf(t, flat(99, 200, 100)))
		req := h.request(as, "POST", "/api/v1/score?detector=project/"+string(h.theirs.ID), string(body))
		req.Header.Set("Content-Type", kind)
		if got, text, _ := h.send(req); (got == 200) != want {
			t.Errorf("scoring with their detector as %s: %d %s", as, got, text)
		}
	}
	if got, body := h.ask("karl", "GET", "/api/v1/projects/"+string(h.his.ID)+"/audit", ""); got != 200 || strings.Contains(body, string(h.theirs.ID)) {
		t.Errorf("the audit log of his project: %d %s", got, body)
	}
}

// TestTheTableIsStrict says again, in rules, what the rows say one by one: a slip in a row shows.
func TestTheTableIsStrict(t *testing.T) {
	for key, row := range access {
		method, path, _ := strings.Cut(key, " ")
		changes := method != "GET" && method != anyMethod
		least := nobody
		switch {
		case strings.HasPrefix(path, "/api/v1/line/") && changes && !strings.HasSuffix(path, "/trigger") && !strings.HasSuffix(path, "/judgement"),
			strings.HasPrefix(path, "/api/v1/users"), path == "/api/v1/audit":
			least = owner
		case strings.HasPrefix(path, "/api/v1/tokens") && changes, strings.HasPrefix(path, "/api/v1/me/"):
			least = present
		case strings.Contains(path, "/rights/"), strings.HasSuffix(path, ":project/audit"),
			changes && (strings.Contains(path, "/models") || strings.Contains(path, "/jobs") || strings.HasSuffix(path, "/threshold") || strings.HasSuffix(path, "/:project")),
			method == "DELETE" && strings.HasSuffix(path, ":picture"):
			least = admin
			if !strings.Contains(path, ":project") {
				least = owner
			}
		case strings.Contains(path, ":project") && changes:
			least = labeller
		case strings.Contains(path, ":project"):
			least = viewer
		case strings.HasPrefix(path, "/api/v1/projects"):
			least = person
		case changes && path != "/api/v1/session":
			least = inspect
		}
		if row < least || (least == owner) != (row == owner) {
			t.Errorf("%s is for %d, which is less than %d", key, row, least)
		}
	}
}
