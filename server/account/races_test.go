package account

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"semirest/server/project"
	"semirest/server/store"
)

// The tests below do at once what looks before it acts, on a real database: what was looked at may be another's by the
// time of the act.

func housed(t *testing.T) (*Accounts, *store.Store) {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(dir, "semirest.db"), filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	a, err := New(s, Options{Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	return a, s
}

// atOnce runs all of them at the same time and counts those without an error.
func atOnce(fs ...func() error) (done int64) {
	var n atomic.Int64
	var wg sync.WaitGroup
	start := make(chan struct{})
	for _, f := range fs {
		wg.Go(func() {
			<-start
			if f() == nil {
				n.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	return n.Load()
}

// Of several admins who are demoted, blocked and deleted at once, one stays.
func TestAnAdminStaysWhateverHappensAtOnce(t *testing.T) {
	a, s := housed(t)
	ctx := t.Context()
	yes, no := true, false
	for round := range 20 {
		var losing []func() error
		for i := range 4 {
			u, err := s.CreateUser(ctx, project.User{Name: fmt.Sprintf("admin-%d-%d", round, i), Hash: "none", Admin: true})
			if err != nil {
				t.Fatal(err)
			}
			losing = append(losing, []func() error{
				func() error { _, err := a.ChangeUser(ctx, u.ID, project.UserChange{Admin: &no}); return err },
				func() error { _, err := a.ChangeUser(ctx, u.ID, project.UserChange{Blocked: &yes}); return err },
				func() error { return a.DeleteUser(ctx, u.ID) },
			}[(round+i)%3])
		}
		all, err := a.Users(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range all { // those of the rounds before
			if u.Admin && !u.Blocked && u.Name[:len(fmt.Sprintf("admin-%d-", round))] != fmt.Sprintf("admin-%d-", round) {
				losing = append(losing, func() error { return a.DeleteUser(ctx, u.ID) })
			}
		}
		if done := atOnce(losing...); done != int64(len(losing)-1) {
			t.Fatalf("round %d: %d of %d admins were lost", round, done, len(losing))
		}
	}
}

// A person never has more tokens than one may have.
func TestTokensAreBoundedAtOnce(t *testing.T) {
	a, s := housed(t)
	u, err := s.CreateUser(t.Context(), project.User{Name: "anna", Hash: "none"})
	if err != nil {
		t.Fatal(err)
	}
	var making []func() error
	for range maxTokens + 20 {
		making = append(making, func() error { _, _, err := a.NewToken(t.Context(), u, "script", time.Hour); return err })
	}
	if made := atOnce(making...); made != maxTokens {
		t.Errorf("%d tokens were made, %d are allowed", made, maxTokens)
	}
}

// changing is a store in which something happens at the moment that somebody is let in.
type changing struct {
	*store.Store
	before func()
}

func (c *changing) CreateSession(ctx context.Context, x project.Session) error {
	c.before()
	return c.Store.CreateSession(ctx, x)
}

func (c *changing) CreateToken(ctx context.Context, t project.Token, most int) (project.Token, error) {
	c.before()
	return c.Store.CreateToken(ctx, t, most)
}

// Who is blocked, or gets another password, while he is signing in is not signed in; a token made meanwhile is none.
func TestSigningInWhileSignedOut(t *testing.T) {
	a, s := housed(t)
	ctx := t.Context()
	u, err := a.AddUser(ctx, "anna", "a first password", false)
	if err != nil {
		t.Fatal(err)
	}
	c := &changing{Store: s, before: func() {}}
	late, err := New(c, Options{Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	yes, other := true, "another password"
	for what, change := range map[string]project.UserChange{"another password": {Password: &other}, "blocked": {Blocked: &yes}} {
		if _, err := s.UpdateUser(ctx, u.ID, func(now *project.User) error { now.Hash, now.Blocked = u.Hash, false; return nil }); err != nil {
			t.Fatal(err)
		}
		c.before = func() {
			if _, err := a.ChangeUser(ctx, u.ID, change); err != nil {
				t.Error(err)
			}
		}
		if _, value, _, err := late.SignIn(ctx, "anna", "a first password", "192.0.2.1", ""); !errors.Is(err, project.ErrSignIn) || value != "" {
			t.Errorf("%s: signed in: %v", what, err)
		}
	}
	if _, err := s.UpdateUser(ctx, u.ID, func(now *project.User) error { now.Blocked = false; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, _, err := late.NewToken(ctx, u, "script", time.Hour); !errors.Is(err, project.ErrSignedOut) {
		t.Errorf("a token of one who was blocked meanwhile: %v", err)
	}
	if list, err := s.Tokens(ctx, u.ID); err != nil || len(list) != 0 {
		t.Errorf("%d tokens, %v", len(list), err)
	}
}
