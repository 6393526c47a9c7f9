package store

import (
	"slices"
	"strings"
	"testing"
	"time"

	"semirest/server/project"
)

func newUser(t *testing.T, s *Store, name string) project.User {
	t.Helper()
	u, err := s.CreateUser(t.Context(), project.User{Name: name, Hash: "$argon2id$v=19$m=1,t=1,p=1$a$b"})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestUsers(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	bert, anna := newUser(t, s, "bert"), newUser(t, s, "anna")
	_, err := s.CreateUser(ctx, project.User{Name: "anna"})
	is(t, "a taken name", err, project.ErrExists)
	_, err = s.CreateUser(ctx, project.User{})
	is(t, "no name", err, project.ErrInvalid)
	all, err := s.Users(ctx)
	if err != nil || len(all) != 2 || all[0] != anna || all[1] != bert {
		t.Errorf("listed %+v, %v", all, err)
	}
	anna, err = s.UpdateUser(ctx, anna.ID, func(u *project.User) error { u.Admin, u.Blocked, u.Hash = true, true, "new"; return nil })
	is(t, "update", err, nil)
	if got, err := s.UserNamed(ctx, "anna"); err != nil || got != anna || !got.Admin || !got.Blocked || got.Hash != "new" {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = s.UpdateUser(ctx, anna.ID, func(u *project.User) error { u.Name = "bert"; return nil })
	is(t, "a taken name", err, project.ErrExists)
	for _, name := range []string{"nobody", "ANNA", "", "a\x00", strings.Repeat("a", 999)} {
		_, err := s.UserNamed(ctx, name)
		is(t, "by name", err, project.ErrNotFound)
	}
	_, err = s.User(ctx, "none")
	is(t, "by id", err, project.ErrNotFound)
	is(t, "delete", s.DeleteUser(ctx, bert.ID, anybody), nil)
	is(t, "delete again", s.DeleteUser(ctx, bert.ID, anybody), project.ErrNotFound)
}

func TestRights(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	anna, bert := newUser(t, s, "anna"), newUser(t, s, "bert")
	p, q := newProject(t, s, "p"), newProject(t, s, "q")
	for _, r := range []project.Right{
		{User: anna.ID, Project: p.ID, Level: project.Viewer},
		{User: anna.ID, Project: p.ID, Level: project.Admin},
		{User: anna.ID, Project: q.ID, Level: project.Labeller},
		{User: bert.ID, Project: p.ID, Level: project.Viewer},
	} {
		is(t, "give", s.SetRight(ctx, r), nil)
	}
	level := func(u, p project.ID, want project.Level) {
		t.Helper()
		if got, err := s.Right(ctx, u, p); err != nil || got != want {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	level(anna.ID, p.ID, project.Admin)
	level(bert.ID, q.ID, project.Nobody)
	level("none", p.ID, project.Nobody)
	if got, err := s.Rights(ctx, p.ID); err != nil || len(got) != 2 {
		t.Errorf("of the project: %+v, %v", got, err)
	}
	if got, err := s.RightsOf(ctx, anna.ID); err != nil || len(got) != 2 {
		t.Errorf("of the person: %+v, %v", got, err)
	}
	is(t, "take", s.SetRight(ctx, project.Right{User: anna.ID, Project: p.ID}), nil)
	level(anna.ID, p.ID, project.Nobody)
	is(t, "no person", s.SetRight(ctx, project.Right{User: "none", Project: p.ID, Level: project.Viewer}), project.ErrNotFound)
	is(t, "no project", s.SetRight(ctx, project.Right{User: anna.ID, Project: "none", Level: project.Viewer}), project.ErrNotFound)
	is(t, "no level", s.SetRight(ctx, project.Right{User: anna.ID, Project: p.ID, Level: 9}), project.ErrInvalid)
	is(t, "delete the person", s.DeleteUser(ctx, bert.ID, anybody), nil)
	is(t, "delete the project", s.DeleteProject(ctx, q.ID), nil)
	if got, err := s.RightsOf(ctx, anna.ID); err != nil || len(got) != 0 {
		t.Errorf("left: %+v, %v", got, err)
	}
}

func TestTokens(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	start := time.UnixMilli(1_700_000_000_000).UTC()
	move := clock(s, start)
	anna, bert := newUser(t, s, "anna"), newUser(t, s, "bert")
	short, err := s.CreateToken(ctx, project.Token{User: anna.ID, Name: "ci", Hash: "h1", Expires: start.Add(time.Hour)}, 100)
	is(t, "add", err, nil)
	move(time.Second)
	long, err := s.CreateToken(ctx, project.Token{User: anna.ID, Name: "ci", Hash: "h2"}, 100)
	is(t, "add", err, nil)
	_, err = s.CreateToken(ctx, project.Token{User: bert.ID, Name: "b", Hash: "h2"}, 100)
	is(t, "the same secret", err, project.ErrExists)
	_, err = s.CreateToken(ctx, project.Token{User: "none", Name: "b", Hash: "h3"}, 100)
	is(t, "no person", err, project.ErrNotFound)
	if got, err := s.TokenHashed(ctx, "h1"); err != nil || got.ID != short.ID || got.User != anna.ID || !got.Used.Equal(start.Add(time.Second)) {
		t.Errorf("got %+v, %v", got, err)
	}
	move(30 * time.Second)
	if got, err := s.TokenHashed(ctx, "h1"); err != nil || !got.Used.Equal(start.Add(time.Second)) {
		t.Errorf("used again within the minute: %+v, %v", got, err)
	}
	move(time.Hour)
	_, err = s.TokenHashed(ctx, "h1")
	is(t, "expired", err, project.ErrNotFound)
	if got, err := s.TokenHashed(ctx, "h2"); err != nil || got.ID != long.ID || !got.Expires.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := s.Tokens(ctx, anna.ID); err != nil || len(got) != 2 || got[0].ID != short.ID {
		t.Errorf("listed %+v, %v", got, err)
	}
	is(t, "delete another's", s.DeleteToken(ctx, bert.ID, long.ID), project.ErrNotFound)
	is(t, "delete", s.DeleteToken(ctx, anna.ID, long.ID), nil)
	_, err = s.TokenHashed(ctx, "h2")
	is(t, "deleted", err, project.ErrNotFound)
}

func TestSessions(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	start := time.UnixMilli(1_700_000_000_000).UTC()
	move := clock(s, start)
	anna := newUser(t, s, "anna")
	begin := func(hash string, d time.Duration) project.Session {
		t.Helper()
		x := project.Session{Hash: hash, User: anna.ID, Created: s.now(), Expires: s.now().Add(d)}
		is(t, "begin", s.CreateSession(ctx, x), nil)
		return x
	}
	a := begin("a", time.Minute)
	begin("b", time.Hour)
	if got, err := s.Session(ctx, "a"); err != nil || got != a {
		t.Errorf("got %+v, %v, want %+v", got, err, a)
	}
	is(t, "the same", s.CreateSession(ctx, a), project.ErrExists)
	move(time.Minute)
	_, err := s.Session(ctx, "a")
	is(t, "expired", err, project.ErrNotFound)
	begin("c", time.Hour)
	var left []string
	is(t, "read", s.read.NewSelect().Table("sessions").Column("hash").Order("hash").Scan(ctx, &left), nil)
	if !slices.Equal(left, []string{"b", "c"}) {
		t.Errorf("kept %q", left)
	}
	is(t, "end", s.DeleteSession(ctx, "b"), nil)
	is(t, "end again", s.DeleteSession(ctx, "b"), nil)
	_, err = s.Session(ctx, "b")
	is(t, "ended", err, project.ErrNotFound)
	is(t, "end all", s.DeleteSessions(ctx, anna.ID), nil)
	_, err = s.Session(ctx, "c")
	is(t, "ended", err, project.ErrNotFound)
}

func TestEvents(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	start := time.UnixMilli(1_700_000_000_000).UTC()
	move := clock(s, start)
	for _, e := range []project.Event{
		{User: "anna", Project: "p", Action: "label", Object: "x"},
		{User: "bert", Project: "p", Action: "train"},
		{User: "anna", Action: "sign-in", Detail: strings.Repeat("ß", 9999) + "\x00\xff"},
		{User: "anna", Project: "q", Action: "label"},
	} {
		is(t, "record", s.Record(ctx, e), nil)
		move(time.Second)
	}
	for _, c := range []struct {
		f    project.EventFilter
		want string
	}{
		{project.EventFilter{}, "label sign-in train label"},
		{project.EventFilter{Limit: 2}, "label sign-in"},
		{project.EventFilter{Project: "p"}, "train label"},
		{project.EventFilter{User: "anna", Action: "label"}, "label label"},
		{project.EventFilter{Before: start.Add(time.Second)}, "label"},
	} {
		got, err := s.Events(ctx, c.f)
		is(t, "read", err, nil)
		var actions []string
		for _, e := range got {
			actions = append(actions, e.Action)
		}
		if strings.Join(actions, " ") != c.want {
			t.Errorf("%+v: got %q, want %q", c.f, actions, c.want)
		}
	}
	got, _ := s.Events(ctx, project.EventFilter{Action: "sign-in"})
	if len(got[0].Detail) > MaxText || !strings.HasPrefix(got[0].Detail, "ßß") || !got[0].Time.Equal(start.Add(2*time.Second)) {
		t.Errorf("cut to %d bytes, at %v", len(got[0].Detail), got[0].Time)
	}
}

func anybody(project.User) error { return nil }
