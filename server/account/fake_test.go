package account

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"semirest/server/project"
)

// memory is a Store without a disk.
type memory struct {
	changing sync.Mutex // held while a person is changed; what is asked within may read
	mu       sync.Mutex
	last     int
	users    map[project.ID]project.User
	rights   map[project.Right]project.Level // by Right without its level
	tokens   map[project.ID]project.Token
	sessions map[string]project.Session
	events   []project.Event
	extended int // how often a session's end was moved
}

func newMemory() *memory {
	return &memory{users: map[project.ID]project.User{}, rights: map[project.Right]project.Level{},
		tokens: map[project.ID]project.Token{}, sessions: map[string]project.Session{}}
}

func (m *memory) lock() func() { m.mu.Lock(); return m.mu.Unlock }

func (m *memory) id() project.ID {
	m.last++
	return project.ID(fmt.Sprintf("aaaaaaaaaaaaa%03s", fmt.Sprint(m.last)))
}

func (m *memory) CreateUser(_ context.Context, u project.User) (project.User, error) {
	defer m.lock()()
	for _, other := range m.users {
		if other.Name == u.Name {
			return u, project.ErrExists
		}
	}
	u.ID = m.id()
	m.users[u.ID] = u
	return u, nil
}

func get[K comparable, V any](m map[K]V, key K) (V, error) {
	v, ok := m[key]
	if !ok {
		return v, project.ErrNotFound
	}
	return v, nil
}

func (m *memory) User(_ context.Context, id project.ID) (project.User, error) {
	defer m.lock()()
	return get(m.users, id)
}

func (m *memory) UserNamed(_ context.Context, name string) (project.User, error) {
	defer m.lock()()
	for _, u := range m.users {
		if u.Name == name {
			return u, nil
		}
	}
	return project.User{}, project.ErrNotFound
}

func (m *memory) Users(context.Context) ([]project.User, error) {
	defer m.lock()()
	return slices.SortedFunc(maps.Values(m.users), func(a, b project.User) int { return cmp.Compare(a.Name, b.Name) }), nil
}

func (m *memory) UpdateUser(ctx context.Context, id project.ID, change func(*project.User) error) (project.User, error) {
	m.changing.Lock()
	defer m.changing.Unlock()
	u, err := m.User(ctx, id)
	if err == nil {
		err = change(&u)
	}
	defer m.lock()()
	if err == nil {
		m.users[id] = u
	}
	return u, err
}

func (m *memory) DeleteUser(ctx context.Context, id project.ID, may func(project.User) error) error {
	m.changing.Lock()
	defer m.changing.Unlock()
	u, err := m.User(ctx, id)
	if err == nil {
		err = may(u)
	}
	if err != nil {
		return err
	}
	defer m.lock()()
	delete(m.users, id)
	maps.DeleteFunc(m.sessions, func(_ string, x project.Session) bool { return x.User == id })
	maps.DeleteFunc(m.tokens, func(_ project.ID, t project.Token) bool { return t.User == id })
	return nil
}

func (m *memory) SetRight(_ context.Context, r project.Right) error {
	defer m.lock()()
	m.rights[project.Right{User: r.User, Project: r.Project}] = r.Level
	return nil
}

func (m *memory) Right(_ context.Context, user, in project.ID) (project.Level, error) {
	defer m.lock()()
	return m.rights[project.Right{User: user, Project: in}], nil
}

func (m *memory) Rights(_ context.Context, in project.ID) (list []project.Right, _ error) {
	defer m.lock()()
	for r, level := range m.rights {
		if r.Project == in && level > project.Nobody {
			list = append(list, project.Right{User: r.User, Project: in, Level: level})
		}
	}
	return list, nil
}

func (m *memory) RightsOf(_ context.Context, user project.ID) (list []project.Right, _ error) {
	defer m.lock()()
	for r, level := range m.rights {
		if r.User == user && level > project.Nobody {
			list = append(list, project.Right{User: user, Project: r.Project, Level: level})
		}
	}
	return list, nil
}

func (m *memory) CreateToken(_ context.Context, t project.Token, most int) (project.Token, error) {
	defer m.lock()()
	have := 0
	for _, other := range m.tokens {
		if other.User == t.User {
			have++
		}
	}
	if have >= most {
		return t, project.ErrExists
	}
	t.ID = m.id()
	m.tokens[t.ID] = t
	return t, nil
}

func (m *memory) TokenHashed(_ context.Context, hash string) (project.Token, error) {
	defer m.lock()()
	for _, t := range m.tokens {
		if t.Hash == hash {
			return t, nil
		}
	}
	return project.Token{}, project.ErrNotFound
}

func (m *memory) Tokens(_ context.Context, user project.ID) (list []project.Token, _ error) {
	defer m.lock()()
	for _, t := range m.tokens {
		if t.User == user {
			list = append(list, t)
		}
	}
	return list, nil
}

func (m *memory) DeleteToken(_ context.Context, user, id project.ID) error {
	defer m.lock()()
	if m.tokens[id].User != user {
		return project.ErrNotFound
	}
	delete(m.tokens, id)
	return nil
}

func (m *memory) CreateSession(_ context.Context, x project.Session) error {
	defer m.lock()()
	m.sessions[x.Hash] = x
	return nil
}

func (m *memory) Session(_ context.Context, hash string) (project.Session, error) {
	defer m.lock()()
	return get(m.sessions, hash)
}

func (m *memory) ExtendSession(_ context.Context, hash string, expires time.Time) error {
	defer m.lock()()
	x, err := get(m.sessions, hash)
	if err == nil {
		x.Expires = expires
		m.sessions[hash] = x
		m.extended++
	}
	return err
}

func (m *memory) DeleteSession(_ context.Context, hash string) error {
	defer m.lock()()
	delete(m.sessions, hash)
	return nil
}

func (m *memory) DeleteSessions(_ context.Context, user project.ID) error {
	defer m.lock()()
	maps.DeleteFunc(m.sessions, func(_ string, x project.Session) bool { return x.User == user })
	return nil
}

func (m *memory) Record(_ context.Context, e project.Event) error {
	defer m.lock()()
	m.events = append(m.events, e)
	return nil
}

func (m *memory) Events(context.Context, project.EventFilter) ([]project.Event, error) {
	defer m.lock()()
	return slices.Clone(m.events), nil
}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// cheap are the costs of hashes in tests.
var cheap = argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

const password = "correct horse battery"

// bench is accounts on a memory, with the people "anna" and "boss", who is an admin.
func bench(t *testing.T) (*Accounts, *memory, *clock) {
	t.Helper()
	m, c := newMemory(), &clock{t: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	a, err := New(m, Options{Enabled: true, Now: c.now, costs: &cheap})
	if err != nil {
		t.Fatal(err)
	}
	for name, admin := range map[string]bool{"anna": false, "boss": true} {
		if _, err := a.AddUser(t.Context(), name, password, admin); err != nil {
			t.Fatal(err)
		}
	}
	return a, m, c
}
