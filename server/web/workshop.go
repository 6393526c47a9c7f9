package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/labstack/echo/v4"

	"semirest/server/project"
)

// Workshop is what the routes and messages of projects are made of: where their pictures, labels and models are kept,
// and who trains on them. Every method's error may be one of package project's; any other is the server's fault.
type Workshop struct {
	Projects Projects
	Pictures Pictures
	Labels   Labels
	Models   Models
	Files    Files
	Training Training
	Exchange Exchange
	Advice   Advice
	Reports  Reports
	Spool    string // folder for what an import sends, until it is read; "" is the system's
}

// Projects keeps projects. CreateProject fills in the ID and the time. UpdateProject hands change the project as it is
// and stores what it leaves, in one transaction; so do the other Update methods.
type Projects interface {
	Projects(ctx context.Context) ([]project.Project, error)
	Project(ctx context.Context, id project.ID) (project.Project, error)
	CreateProject(ctx context.Context, p project.Project) (project.Project, error)
	UpdateProject(ctx context.Context, id project.ID, change func(*project.Project) error) (project.Project, error)
	DeleteProject(ctx context.Context, id project.ID) error
}

// Pictures keeps a project's pictures, in the order they were added. AddPicture stores the file that r holds before the
// row that names it, and fills in ID, SHA256, Bytes and Added; the same bytes under the same name are project.ErrExists.
type Pictures interface {
	FindPictures(ctx context.Context, p project.ID, f project.PictureFilter) ([]project.Picture, error)
	CountPictures(ctx context.Context, p project.ID) (project.Counts, error)
	Picture(ctx context.Context, id project.ID) (project.Picture, error)
	AddPicture(ctx context.Context, p project.Picture, r io.Reader) (project.Picture, error)
	UpdatePicture(ctx context.Context, id project.ID, change func(*project.Picture) error) (project.Picture, error)
	DeletePicture(ctx context.Context, id project.ID) error
}

// Labels keeps every revision of every picture's labels. SaveLabels returns once the revision is on disk, or a
// *project.ConflictError that holds what is there instead. History is newest first, without Data.
type Labels interface {
	SaveLabels(ctx context.Context, r project.Revision) (project.Revision, error)
	Labels(ctx context.Context, picture project.ID) (project.Revision, error)
	LabelsAt(ctx context.Context, picture project.ID, n uint64) (project.Revision, error)
	History(ctx context.Context, picture project.ID) ([]project.Revision, error)
}

// Models keeps a project's detectors and says which one open pages see: Deploy, Rollback and SetThreshold return once
// the new one is served.
type Models interface {
	Models(ctx context.Context, p project.ID) ([]project.Model, error)
	Model(ctx context.Context, id project.ID) (project.Model, error)
	DeleteModel(ctx context.Context, id project.ID) error
	Deploy(ctx context.Context, p, model project.ID) (project.Project, error)
	Rollback(ctx context.Context, p project.ID) (project.Project, error)
	SetThreshold(ctx context.Context, model project.ID, threshold float64) (project.Model, error)
}

// Files opens stored files by their SHA-256 and keeps ground truth; a nil mask takes it away.
type Files interface {
	OpenBlob(ctx context.Context, sha256 string) (io.ReadSeekCloser, error)
	SetTruth(ctx context.Context, picture project.ID, mask io.Reader) (project.Picture, error)
}

// Training runs jobs.
type Training interface {
	Submit(ctx context.Context, p project.ID, r project.Request, author string) (project.Job, error)
	Cancel(ctx context.Context, id project.ID) error
	Jobs(ctx context.Context, p project.ID) ([]project.Job, error)
	Job(ctx context.Context, id project.ID) (project.Job, error)
	Log(ctx context.Context, id project.ID) (io.ReadCloser, error) // JSON lines, one a step
	SamplePicture(id project.ID) ([]byte, error)                   // the PNG that a running job's maps are of
}

// Exchange writes and reads projects in other programs' formats.
type Exchange interface {
	Formats() []project.Format
	// Export writes a zip.
	Export(ctx context.Context, p project.ID, format string, w io.Writer) error
	// Import reads a zip into the project. What is wrong with the zip as a whole is a *project.ReasonError, and nothing
	// was taken in then.
	Import(ctx context.Context, p project.ID, format string, r io.ReaderAt, size int64, author string) (project.Imported, error)
	// Restore makes a project of a zip that Export wrote in project.WholeFormat.
	Restore(ctx context.Context, r io.ReaderAt, size int64, author string) (project.Project, error)
}

// Advice is what a project's pictures and models say together. What the methods return becomes JSON as openapi.yaml
// describes it.
type Advice interface {
	Advise(ctx context.Context, p project.ID) (any, error)         // how to train
	Next(ctx context.Context, p project.ID, n int) (any, error)    // pictures whose labels would teach most, an array
	Curve(ctx context.Context, model project.ID) (any, error)      // false alarms and misses by threshold
	Evaluation(ctx context.Context, model project.ID) (any, error) // what it reaches, picture by picture
}

// Reports tell what labels bought.
type Reports interface {
	Report(ctx context.Context, p project.ID) (any, error)
	HTML(ctx context.Context, p project.ID, w io.Writer) error // one page that needs nothing else
}

// mapProjects adds the routes of projects; without a Workshop there are none.
func (s *Server) mapProjects(api *echo.Group) {
	if s.config.Workshop == nil {
		return
	}
	s.mapProject(api)
	one := api.Group("/projects/:project")
	s.mapPictures(one)
	s.mapLabels(one)
	s.mapJobs(one)
	s.mapModels(one)
	s.mapExchange(api, one)
}

// projectHandler is a handler of a route below one project, which exists. What the caller may do in it was checked
// before: see the table of access.
type projectHandler func(c echo.Context, p project.Project) error

// within looks the route's project up.
func (s *Server) within(h projectHandler) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := idParam(c, "project")
		if err != nil {
			return err
		}
		p, err := s.config.Workshop.Projects.Project(c.Request().Context(), id)
		if err != nil {
			return named(err, "project", id)
		}
		return h(c, p)
	}
}

// author names the caller where their work is kept.
func author(w caller) string { return cmp.Or(w.Name, project.LocalName) }

// idParam reads an ID out of the path. What cannot be an ID is not found.
func idParam(c echo.Context, name string) (project.ID, error) {
	id := project.ID(c.Param(name))
	if !validID(id) {
		return "", noSuch(name)
	}
	return id, nil
}

func validID(id project.ID) bool {
	if len(id) != 16 {
		return false
	}
	for i := range len(id) {
		if b := id[i]; (b < 'a' || b > 'z') && (b < '2' || b > '7') {
			return false
		}
	}
	return true
}

func noSuch(what string) *fault {
	return notFound(fmt.Sprintf("there is no such %s here", what))
}

// named turns package project's 'not found' into a fault that says of what.
func named(err error, what string, id project.ID) error {
	if errors.Is(err, project.ErrNotFound) {
		return noSuch(what)
	}
	return fmt.Errorf("web: %s %s: %w", what, id, err)
}
