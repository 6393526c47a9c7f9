package account

import (
	"context"
	"time"

	"semirest/server/project"
)

// Store keeps people, their rights, tokens, sessions and the audit log. What is not there is project.ErrNotFound; a name
// that is taken, project.ErrExists. A change is on disk when the method returns.
type Store interface {
	users
	rights
	tokens
	sessions
	events
}

type users interface {
	CreateUser(ctx context.Context, u project.User) (project.User, error) // fills in ID and Created
	User(ctx context.Context, id project.ID) (project.User, error)
	UserNamed(ctx context.Context, name string) (project.User, error)
	Users(ctx context.Context) ([]project.User, error) // by name
	UpdateUser(ctx context.Context, id project.ID, change func(*project.User) error) (project.User, error)
	// DeleteUser deletes with rights, tokens and sessions; what they did stays. may is asked within, as UpdateUser's change
	// is: nobody else changes people meanwhile.
	DeleteUser(ctx context.Context, id project.ID, may func(project.User) error) error
}

type rights interface {
	SetRight(ctx context.Context, r project.Right) error                   // project.Nobody takes the right away
	Right(ctx context.Context, user, in project.ID) (project.Level, error) // project.Nobody where there is none
	Rights(ctx context.Context, in project.ID) ([]project.Right, error)
	RightsOf(ctx context.Context, user project.ID) ([]project.Right, error)
}

type tokens interface {
	// CreateToken fills in ID and Created. A person who has most tokens gets no other: project.ErrExists.
	CreateToken(ctx context.Context, t project.Token, most int) (project.Token, error)
	TokenHashed(ctx context.Context, hash string) (project.Token, error) // notes that it was used
	Tokens(ctx context.Context, user project.ID) ([]project.Token, error)
	DeleteToken(ctx context.Context, user, id project.ID) error
}

type sessions interface {
	CreateSession(ctx context.Context, x project.Session) error
	Session(ctx context.Context, hash string) (project.Session, error)
	ExtendSession(ctx context.Context, hash string, expires time.Time) error
	DeleteSession(ctx context.Context, hash string) error // one that is not there is no error
	DeleteSessions(ctx context.Context, user project.ID) error
}

type events interface {
	Record(ctx context.Context, e project.Event) error                          // a zero time is now
	Events(ctx context.Context, f project.EventFilter) ([]project.Event, error) // newest first
}
