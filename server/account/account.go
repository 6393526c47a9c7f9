package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/alexedwards/argon2id"

	"semirest/server/project"
)

// Options of Accounts; zero values are the defaults.
type Options struct {
	Enabled bool // people sign in; else there is only Local

	Idle time.Duration // after which an unused session ends; 0: 12 hours
	Life time.Duration // after which any session ends; 0: 14 days

	Requests    float64 // that a person may send a second, over time; 0: 50
	Burst       int     // requests at once; 0: 500
	BytesPerDay int64   // that a person may send; 0: 64 GiB

	Log *slog.Logger // nil: slog.Default()

	Now func() time.Time // nil: time.Now

	costs *argon2id.Params
}

// Accounts is who may do what. Its methods may be called from any goroutine.
type Accounts struct {
	store   Store
	options Options
	log     *slog.Logger
	now     func() time.Time
	costs   argon2id.Params
	decoy   string        // a hash that no password has
	turns   chan struct{} // holds a token for every hash being computed

	pairs, names, addresses *buckets // of failed sign-ins
	requests, bytes         *buckets // of people
}

// New makes accounts on a store.
func New(store Store, o Options) (*Accounts, error) {
	o.Idle, o.Life = cmp.Or(o.Idle, 12*time.Hour), cmp.Or(o.Life, 14*24*time.Hour)
	o.Requests, o.Burst, o.BytesPerDay = cmp.Or(o.Requests, 50), cmp.Or(o.Burst, 500), cmp.Or(o.BytesPerDay, 64<<30)
	if o.Idle < time.Minute || o.Life < o.Idle || o.Requests < 0 || o.Burst < 1 || o.BytesPerDay < 1 {
		return nil, fmt.Errorf("account: sessions of %v and %v, %g requests a second of %d at once, %d bytes a day: none of them makes sense below 1",
			o.Idle, o.Life, o.Requests, o.Burst, o.BytesPerDay)
	}
	a := &Accounts{
		store: store, options: o, log: o.Log, now: o.Now, costs: costs, turns: make(chan struct{}, maxHashing),
		pairs: newBuckets(5, every(30*time.Second)), names: newBuckets(30, every(20*time.Second)), addresses: newBuckets(20, every(3*time.Second)),
		requests: newBuckets(o.Burst, o.Requests), bytes: newBuckets(int(o.BytesPerDay), float64(o.BytesPerDay)/(24*60*60)),
	}
	if a.log == nil {
		a.log = slog.Default()
	}
	if a.now == nil {
		a.now = time.Now
	}
	if o.costs != nil {
		a.costs = *o.costs
	}
	a.decoy = decoy(a.costs)
	return a, nil
}

// Enabled tells whether people sign in.
func (a *Accounts) Enabled() bool { return a.options.Enabled }

// Level is what a person may do in a project, as of now. Admins of the server are admins everywhere.
func (a *Accounts) Level(ctx context.Context, u project.User, p project.ID) (project.Level, error) {
	if !a.options.Enabled {
		return project.Admin, nil
	}
	now, err := a.person(ctx, u.ID) // u may be what a websocket was opened with, hours ago
	if errors.Is(err, project.ErrSignedOut) {
		return project.Nobody, nil
	}
	if err != nil {
		return project.Nobody, err
	}
	if now.Admin {
		return project.Admin, nil
	}
	level, err := a.store.Right(ctx, u.ID, p)
	if errors.Is(err, project.ErrNotFound) {
		return project.Nobody, nil
	}
	return level, err
}

// Levels are a person's rights in all projects where they have any; an admin of the server needs none.
func (a *Accounts) Levels(ctx context.Context, u project.User) ([]project.Right, error) {
	if !a.options.Enabled {
		return nil, nil
	}
	return a.store.RightsOf(ctx, u.ID)
}

// Rights are those that people have in a project.
func (a *Accounts) Rights(ctx context.Context, p project.ID) ([]project.Right, error) {
	return a.store.Rights(ctx, p)
}

// SetRight gives a person a level in a project, or takes it away with project.Nobody.
func (a *Accounts) SetRight(ctx context.Context, r project.Right) error {
	return a.store.SetRight(ctx, r)
}

// Record adds a line to the audit log.
func (a *Accounts) Record(ctx context.Context, e project.Event) error {
	e.Time = a.now().UTC()
	return a.store.Record(ctx, e)
}

// Events are lines of the audit log, newest first.
func (a *Accounts) Events(ctx context.Context, f project.EventFilter) ([]project.Event, error) {
	return a.store.Events(ctx, f)
}

// Allow takes requests and bytes from what a person may send. It returns a *project.ThrottledError, and takes nothing,
// when that is used up.
func (a *Accounts) Allow(u project.User, requests int, bytes int64) error {
	if !a.options.Enabled {
		return nil
	}
	now := a.now()
	if wait := a.requests.take(string(u.ID), requests, now); wait > 0 {
		return &project.ThrottledError{What: "requests", After: wait}
	}
	if wait := a.bytes.take(string(u.ID), int(min(bytes, a.options.BytesPerDay+1)), now); wait > 0 {
		return &project.ThrottledError{What: "bytes sent", After: min(wait, 24*time.Hour)}
	}
	return nil
}
