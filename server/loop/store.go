package loop

import (
	"context"
	"io"

	"semirest/server/project"
)

// Pictures is where a project's pictures and labels come from.
type Pictures interface {
	Project(ctx context.Context, id project.ID) (project.Project, error)
	Pictures(ctx context.Context, of project.ID) ([]project.Picture, error)
	LabelsAt(ctx context.Context, picture project.ID, revision uint64) (project.Revision, error)
	OpenBlob(ctx context.Context, sha256 string) (io.ReadSeekCloser, error)
	UpdatePicture(ctx context.Context, id project.ID, change func(*project.Picture) error) (project.Picture, error)
}

// Models is where trained detectors go. AddModel lists a model only once its file is
// whole in the store.
type Models interface {
	Model(ctx context.Context, id project.ID) (project.Model, error)
	Models(ctx context.Context, of project.ID) ([]project.Model, error)
	AddModel(ctx context.Context, m project.Model, file io.Reader) (project.Model, error)
	UpdateModel(ctx context.Context, id project.ID, change func(*project.Model) error) (project.Model, error)
	Deploy(ctx context.Context, of, model project.ID) (project.Project, error)
}

// Jobs keeps the state of jobs.
type Jobs interface {
	CreateJob(ctx context.Context, j project.Job) (project.Job, error)
	Job(ctx context.Context, id project.ID) (project.Job, error)
	Jobs(ctx context.Context, of project.ID) ([]project.Job, error)
	UpdateJob(ctx context.Context, id project.ID, change func(*project.Job) error) (project.Job, error)
	Unended(ctx context.Context) ([]project.Job, error) // in the order that they run
}

// Store is all that the loop needs of a store.
type Store interface {
	Pictures
	Models
	Jobs
}
