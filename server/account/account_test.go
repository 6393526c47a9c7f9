package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"semirest/server/project"
)

func newToken(t *testing.T, a *Accounts, u project.User) string {
	t.Helper()
	_, secret, err := a.NewToken(t.Context(), u, "script", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestTokens(t *testing.T) {
	a, m, c := bench(t)
	ctx := t.Context()
	anna, _ := a.UserCalled(ctx, "ANNA")
	secret := newToken(t, a, anna)
	for _, kept := range m.tokens {
		if strings.Contains(kept.Hash, secret) || kept.Hash != hashSecret(secret) {
			t.Errorf("kept %q of %q", kept.Hash, secret)
		}
	}
	if u, err := a.Token(ctx, secret); err != nil || u.ID != anna.ID {
		t.Errorf("%v %v", u, err)
	}
	for _, wrong := range []string{"", "semirest_", secret + "x", strings.ToUpper(secret), strings.TrimPrefix(secret, tokenPrefix)} {
		if _, err := a.Token(ctx, wrong); !errors.Is(err, project.ErrSignedOut) {
			t.Errorf("token %q: %v", wrong, err)
		}
	}
	boss, _ := a.UserCalled(ctx, "boss")
	list, _ := a.Tokens(ctx, anna)
	if err := a.DeleteToken(ctx, boss, list[0].ID); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("another's token was deleted: %v", err)
	}
	c.forward(time.Hour)
	if _, err := a.Token(ctx, secret); !errors.Is(err, project.ErrSignedOut) {
		t.Errorf("an expired token: %v", err)
	}
	for _, bad := range []struct {
		name string
		life time.Duration
	}{{"", time.Hour}, {"a\nb", time.Hour}, {strings.Repeat("x", 121), time.Hour}, {"x", time.Second}, {"x", 400 * 24 * time.Hour}} {
		if _, _, err := a.NewToken(ctx, anna, bad.name, bad.life); !errors.Is(err, project.ErrInvalid) {
			t.Errorf("token %q for %v: %v", bad.name, bad.life, err)
		}
	}
	for range maxTokens - 1 {
		newToken(t, a, anna)
	}
	if _, _, err := a.NewToken(ctx, anna, "one more", time.Hour); !errors.Is(err, project.ErrInvalid) {
		t.Errorf("token %d: %v", maxTokens+1, err)
	}
}

func TestNamesAndPasswordsAreChecked(t *testing.T) {
	a, _, _ := bench(t)
	for _, c := range []struct{ name, password string }{
		{"", password}, {"<script>alert(1)</script>", password}, {"an na", password}, {"local", password}, {"Guest", password},
		{"a\x00b", password}, {"../../etc", password}, {"abcdefgh234567ab", password}, {strings.Repeat("x", 65), password}, {"a\u202eb", password},
		{"karl", ""}, {"karl", "short"}, {"karl", "aaaaaaaaaaaa"}, {"karl.the.second", "Karl.The.Second"}, {"karl", strings.Repeat("long", 300)}, {"karl", "bad\xffutf8 here"},
	} {
		if _, err := a.AddUser(t.Context(), c.name, c.password, false); !errors.Is(err, project.ErrInvalid) {
			t.Errorf("name %q, password %q: %v", c.name, c.password, err)
		}
	}
	if u, err := a.AddUser(t.Context(), " Jürgen.M@werk-2 ", password, false); err != nil || u.Name != "jürgen.m@werk-2" {
		t.Errorf("%v %v", u.Name, err)
	}
	if _, err := a.AddUser(t.Context(), "ANNA", password, false); !errors.Is(err, project.ErrExists) {
		t.Errorf("a taken name: %v", err)
	}
}

func TestTheLastAdminStays(t *testing.T) {
	a, _, _ := bench(t)
	ctx := t.Context()
	boss, _ := a.UserCalled(ctx, "boss")
	yes, no := true, false
	for what, change := range map[string]func() error{
		"delete": func() error { return a.DeleteUser(ctx, boss.ID) },
		"demote": func() error { _, err := a.ChangeUser(ctx, boss.ID, project.UserChange{Admin: &no}); return err },
		"block":  func() error { _, err := a.ChangeUser(ctx, boss.ID, project.UserChange{Blocked: &yes}); return err },
	} {
		if err := change(); !errors.Is(err, project.ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	anna, _ := a.UserCalled(ctx, "anna")
	if _, err := a.ChangeUser(ctx, anna.ID, project.UserChange{Admin: &yes}); err != nil {
		t.Fatal(err)
	}
	if err := a.DeleteUser(ctx, boss.ID); err != nil {
		t.Errorf("with another admin: %v", err)
	}
}

func TestLevels(t *testing.T) {
	a, m, _ := bench(t)
	ctx := t.Context()
	const p, q = project.ID("aaaaaaaaaaaaaaaa"), project.ID("bbbbbbbbbbbbbbbb")
	anna, _ := a.UserCalled(ctx, "anna")
	boss, _ := a.UserCalled(ctx, "boss")
	level := func(u project.User, in project.ID) project.Level {
		t.Helper()
		l, err := a.Level(ctx, u, in)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if err := a.SetRight(ctx, project.Right{User: anna.ID, Project: p, Level: project.Labeller}); err != nil {
		t.Fatal(err)
	}
	if level(anna, p) != project.Labeller || level(anna, q) != project.Nobody || level(boss, q) != project.Admin {
		t.Errorf("levels %v %v %v", level(anna, p), level(anna, q), level(boss, q))
	}
	// What a websocket knows of its person is as old as itself.
	no := false
	if _, err := m.UpdateUser(ctx, boss.ID, func(u *project.User) error { u.Admin = no; return nil }); err != nil {
		t.Fatal(err)
	}
	if level(boss, q) != project.Nobody {
		t.Error("who is admin no longer may still everything")
	}
	if err := a.SetRight(ctx, project.Right{User: anna.ID, Project: p}); err != nil || level(anna, p) != project.Nobody {
		t.Errorf("a right taken away: %v, %v", err, level(anna, p))
	}
	_ = m.DeleteUser(ctx, anna.ID, func(project.User) error { return nil })
	if level(anna, p) != project.Nobody {
		t.Error("who is deleted has a level")
	}
}

func TestWithoutAccountsEverythingIsAllowed(t *testing.T) {
	a, err := New(newMemory(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	local := project.User{Name: project.LocalName}
	if l, err := a.Level(t.Context(), local, "aaaaaaaaaaaaaaaa"); l != project.Admin || err != nil {
		t.Errorf("level %v, %v", l, err)
	}
	if err := a.Allow(local, 1<<30, 1<<60); err != nil {
		t.Errorf("limits: %v", err)
	}
	if _, _, _, err := a.SignIn(t.Context(), "x", "y", "", ""); !errors.Is(err, project.ErrInvalid) {
		t.Errorf("sign-in: %v", err)
	}
	if _, _, err := a.NewToken(t.Context(), local, "x", time.Hour); !errors.Is(err, project.ErrInvalid) {
		t.Errorf("token: %v", err)
	}
}

func TestWhatAPersonMaySendIsBounded(t *testing.T) {
	m, c := newMemory(), &clock{t: time.Unix(1_700_000_000, 0)}
	a, err := New(m, Options{Enabled: true, Requests: 2, Burst: 10, BytesPerDay: 1000, Now: c.now, costs: &cheap})
	if err != nil {
		t.Fatal(err)
	}
	one, other := project.User{ID: "one"}, project.User{ID: "other"}
	for i := range 10 {
		if err := a.Allow(one, 1, 50); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
	var th *project.ThrottledError
	if err := a.Allow(one, 1, 0); !errors.As(err, &th) || th.After != 500*time.Millisecond {
		t.Errorf("request 11: %v", err)
	}
	if err := a.Allow(other, 1, 0); err != nil {
		t.Errorf("another person: %v", err)
	}
	c.forward(500 * time.Millisecond)
	if err := a.Allow(one, 1, 0); err != nil {
		t.Errorf("half a second later: %v", err)
	}
	if err := a.Allow(one, 0, 600); !errors.As(err, &th) {
		t.Errorf("more bytes than are left: %v", err)
	}
	if err := a.Allow(one, 0, 1<<60); !errors.As(err, &th) || th.After <= 0 {
		t.Errorf("more bytes than a day has: %v", err)
	}
	if err := a.Allow(one, 0, 400); err != nil {
		t.Errorf("what is left: %v", err)
	}
}

func TestBucketsAreBounded(t *testing.T) {
	b := newBuckets(2, 1)
	b.max = 100
	now := time.Unix(1_700_000_000, 0)
	b.take("victim", 2, now)
	for i := range 10_000 {
		b.take(fmt.Sprint(i), 1, now)
		if len(b.byKey) > b.max {
			t.Fatalf("%d buckets after %d keys", len(b.byKey), i)
		}
	}
	if b.wait("victim", 1, now) == 0 {
		t.Error("making up keys emptied the victim's record")
	}
	now = now.Add(time.Minute)
	b.forget(now)
	if len(b.byKey) != 0 {
		t.Errorf("%d full buckets were kept", len(b.byKey))
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []Options{{Idle: time.Second}, {Idle: 2 * time.Hour, Life: time.Hour}, {Requests: -1}, {Burst: -1}, {BytesPerDay: -1}} {
		if _, err := New(newMemory(), o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
