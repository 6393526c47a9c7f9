package web

import (
	"fmt"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
	"semirest/shared/wire"
)

// need is what a route or a message asks of whoever uses it.
type need uint8

const (
	nobody  need = iota // the zero row refuses
	anyone              // also who is not signed in: the page itself, signing in, signs of life
	inspect             // who is signed in; where there are no accounts, anyone who reaches the server
	person              // who is signed in; where there are no accounts, who is on this machine
	present             // the same, but not by token: a stolen token must not be turned into another way in
	viewer              // these three: that level or more in the route's :project
	labeller
	admin
	owner // admins of the whole server
)

// level is the project's level that a row asks for.
func (n need) level() project.Level {
	return map[need]project.Level{viewer: project.Viewer, labeller: project.Labeller, admin: project.Admin}[n]
}

const (
	streamRoute = "/api/v1/stream"
	anyMethod   = "ANY"
)

// access is who may use which route: every route of the server has its row here and nowhere else.
var access = map[string]need{
	"GET /healthz": anyone,
	"GET /readyz":  anyone,
	"GET /metrics": inspect,
	"ANY /*":       anyone,
	"ANY /api/*":   anyone, // nothing there

	"GET /api/v1/openapi.yaml":                  anyone,
	"GET /api/v1/version":                       anyone,
	"GET /api/v1/limits":                        inspect,
	"GET /api/v1/progress":                      inspect,
	"GET /api/v1/detectors":                     inspect, // those of projects: viewers
	"GET /api/v1/detectors/:name":               inspect,
	"POST /api/v1/score":                        inspect,
	"GET /api/v1/stream":                        inspect, // its messages: see messages
	"GET /api/v1/demo/pictures":                 inspect,
	"GET /api/v1/demo/pictures/:name":           inspect,
	"GET /api/v1/demo/pictures/:name/mask":      inspect,
	"GET /api/v1/demo/pictures/:name/thumbnail": inspect,

	"GET /api/v1/line/sources":                      person,
	"POST /api/v1/line/sources":                     owner, // it names folders of the server
	"PATCH /api/v1/line/sources/:source":            owner,
	"DELETE /api/v1/line/sources/:source":           owner,
	"GET /api/v1/line/sources/:source/frame":        person,
	"POST /api/v1/line/sources/:source/trigger":     person,
	"GET /api/v1/line/sinks":                        person,
	"POST /api/v1/line/sinks":                       owner,
	"DELETE /api/v1/line/sinks/:sink":               owner,
	"GET /api/v1/line/verdicts":                     person,
	"GET /api/v1/line/verdicts/:verdict/thumbnail":  person,
	"POST /api/v1/line/verdicts/:verdict/judgement": person, // labellers of the project that it names

	"POST /api/v1/session":         anyone,
	"DELETE /api/v1/session":       present,
	"GET /api/v1/me":               person,
	"PUT /api/v1/me/password":      present,
	"GET /api/v1/tokens":           person,
	"POST /api/v1/tokens":          present,
	"DELETE /api/v1/tokens/:token": present,
	"GET /api/v1/users":            owner,
	"POST /api/v1/users":           owner,
	"PATCH /api/v1/users/:user":    owner,
	"DELETE /api/v1/users/:user":   owner,
	"GET /api/v1/audit":            owner,

	"GET /api/v1/projects":                                             person, // lists what the caller may see
	"POST /api/v1/projects":                                            person, // who creates one is its admin
	"GET /api/v1/projects/:project":                                    viewer,
	"PATCH /api/v1/projects/:project":                                  admin,
	"DELETE /api/v1/projects/:project":                                 admin,
	"GET /api/v1/projects/:project/pictures":                           viewer,
	"POST /api/v1/projects/:project/pictures":                          labeller,
	"GET /api/v1/projects/:project/pictures/:picture":                  viewer,
	"PATCH /api/v1/projects/:project/pictures/:picture":                labeller,
	"DELETE /api/v1/projects/:project/pictures/:picture":               admin,
	"GET /api/v1/projects/:project/pictures/:picture/image":            viewer,
	"GET /api/v1/projects/:project/pictures/:picture/thumbnail":        viewer,
	"GET /api/v1/projects/:project/pictures/:picture/truth":            viewer,
	"PUT /api/v1/projects/:project/pictures/:picture/truth":            labeller,
	"DELETE /api/v1/projects/:project/pictures/:picture/truth":         labeller,
	"GET /api/v1/projects/:project/pictures/:picture/labels":           viewer,
	"PUT /api/v1/projects/:project/pictures/:picture/labels":           labeller,
	"GET /api/v1/projects/:project/pictures/:picture/labels/history":   viewer,
	"GET /api/v1/projects/:project/pictures/:picture/labels/:revision": viewer,
	"GET /api/v1/projects/:project/jobs":                               viewer,
	"POST /api/v1/projects/:project/jobs":                              admin,
	"GET /api/v1/projects/:project/jobs/:job":                          viewer,
	"DELETE /api/v1/projects/:project/jobs/:job":                       admin,
	"GET /api/v1/projects/:project/jobs/:job/log":                      viewer,
	"GET /api/v1/projects/:project/jobs/:job/sample":                   viewer,
	"GET /api/v1/projects/:project/models":                             viewer,
	"POST /api/v1/projects/:project/models/rollback":                   admin,
	"GET /api/v1/projects/:project/models/:model":                      viewer,
	"DELETE /api/v1/projects/:project/models/:model":                   admin,
	"GET /api/v1/projects/:project/models/:model/file":                 viewer,
	"GET /api/v1/projects/:project/models/:model/evaluation":           viewer,
	"POST /api/v1/projects/:project/models/:model/deploy":              admin,
	"GET /api/v1/projects/:project/threshold":                          viewer,
	"PUT /api/v1/projects/:project/threshold":                          admin,
	"GET /api/v1/projects/:project/advice":                             viewer,
	"GET /api/v1/projects/:project/next":                               viewer,
	"GET /api/v1/projects/:project/report":                             viewer,
	"GET /api/v1/projects/:project/report.html":                        viewer,
	"GET /api/v1/projects/:project/export":                             viewer,
	"POST /api/v1/projects/:project/import":                            labeller,
	"GET /api/v1/formats":                                              person,
	"POST /api/v1/import":                                              person, // a whole project; who brings it in is its admin
	"GET /api/v1/projects/:project/rights":                             viewer,
	"PUT /api/v1/projects/:project/rights/:user":                       admin,
	"DELETE /api/v1/projects/:project/rights/:user":                    admin,
	"GET /api/v1/projects/:project/audit":                              admin,
}

// messages is who may send which message of a websocket, in the project that it is about: the named one, or the one
// whose detector is opened or used. Messages about no project need no more than the websocket itself.
var messages = map[wire.Type]project.Level{
	wire.TypeOpen:  project.Viewer,
	wire.TypeCrop:  project.Viewer,
	wire.TypeWatch: project.Viewer,
}

// checkAccess refuses a router with a route that the table does not know.
func checkAccess(routes []*echo.Route) error {
	for _, r := range routes {
		if access[r.Method+" "+r.Path] == nobody && access[anyMethod+" "+r.Path] == nobody {
			return fmt.Errorf("web: nothing says who may use %s %s; give it a row in the table of access", r.Method, r.Path)
		}
	}
	return nil
}
