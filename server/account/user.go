package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"semirest/server/project"
)

// maxName bounds names, in bytes.
const maxName = 64

// UserName is the form in which a name is kept: lower case. Names are letters, digits and . _ - @ +, and none reads like
// an ID, so that either may name a person.
func UserName(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	switch {
	case s == "" || len(s) > maxName || !utf8.ValidString(s):
		return "", &project.ReasonError{Reason: fmt.Sprintf("a person needs a name of 1 to %d bytes", maxName)}
	case strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-@+", r)
	}):
		return "", &project.ReasonError{Reason: "a person's name may have letters, digits and . _ - @ + only"}
	case s == project.LocalName || s == "guest":
		return "", &project.ReasonError{Reason: fmt.Sprintf("the name %q has a meaning of its own; choose another", s)}
	case isID(s):
		return "", &project.ReasonError{Reason: "that name reads like an identifier; choose another"}
	}
	return s, nil
}

// isID tells whether s has the form of an ID: 16 of a-z and 2-7.
func isID(s string) bool {
	return len(s) == 16 && !strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '2' || r > '7') })
}

// Users are all people, by name.
func (a *Accounts) Users(ctx context.Context) ([]project.User, error) { return a.store.Users(ctx) }

// UserCalled finds a person by ID or name.
func (a *Accounts) UserCalled(ctx context.Context, idOrName string) (project.User, error) {
	s := strings.ToLower(strings.TrimSpace(idOrName))
	if isID(s) {
		return a.store.User(ctx, project.ID(s))
	}
	return a.store.UserNamed(ctx, s)
}

// AddUser makes an account; project.ErrExists where the name is taken.
func (a *Accounts) AddUser(ctx context.Context, name, password string, admin bool) (project.User, error) {
	name, err := UserName(name)
	if err != nil {
		return project.User{}, err
	}
	if err := checkPassword(name, password); err != nil {
		return project.User{}, err
	}
	hash, err := a.hash(ctx, password)
	if err != nil {
		return project.User{}, err
	}
	return a.store.CreateUser(ctx, project.User{Name: name, Hash: hash, Admin: admin})
}

// ChangeUser changes an account. Who gets another password or is blocked is signed out everywhere; who is blocked loses
// the tokens too. The last admin who is not blocked stays one.
func (a *Accounts) ChangeUser(ctx context.Context, id project.ID, c project.UserChange) (project.User, error) {
	return a.changeUser(ctx, id, c, func(project.User) error { return nil })
}

// changeUser is ChangeUser if may allows it of the person as now.
func (a *Accounts) changeUser(ctx context.Context, id project.ID, c project.UserChange, may func(now project.User) error) (project.User, error) {
	u, err := a.store.User(ctx, id)
	if err != nil {
		return project.User{}, err
	}
	var hash string
	if c.Password != nil {
		if err := checkPassword(u.Name, *c.Password); err != nil {
			return project.User{}, err
		}
		if hash, err = a.hash(ctx, *c.Password); err != nil {
			return project.User{}, err
		}
	}
	u, err = a.store.UpdateUser(ctx, id, func(u *project.User) error {
		if err := may(*u); err != nil {
			return err
		}
		if (c.Admin != nil && !*c.Admin) || (c.Blocked != nil && *c.Blocked) {
			if err := a.keepAnAdmin(ctx, *u); err != nil {
				return err
			}
		}
		if c.Password != nil {
			u.Hash = hash
		}
		if c.Admin != nil {
			u.Admin = *c.Admin
		}
		if c.Blocked != nil {
			u.Blocked = *c.Blocked
		}
		return nil
	})
	if err != nil {
		return project.User{}, err
	}
	if c.Password != nil || u.Blocked {
		if err := a.store.DeleteSessions(ctx, id); err != nil {
			return u, fmt.Errorf("account: %s is changed, but still signed in: %w", u.Name, err)
		}
	}
	if u.Blocked {
		if err := a.dropTokens(ctx, id); err != nil {
			return u, fmt.Errorf("account: %s is blocked, but the tokens are still there: %w", u.Name, err)
		}
	}
	return u, nil
}

// DeleteUser takes an account away with its rights, tokens and sessions. What the person did keeps their name.
func (a *Accounts) DeleteUser(ctx context.Context, id project.ID) error {
	return a.store.DeleteUser(ctx, id, func(u project.User) error { return a.keepAnAdmin(ctx, u) })
}

// keepAnAdmin refuses to lose u, if nobody else could give rights any more. It is asked within the change that loses u,
// while nobody else changes people: of two admins who are lost at once, one stays.
func (a *Accounts) keepAnAdmin(ctx context.Context, u project.User) error {
	if !u.Admin || u.Blocked {
		return nil
	}
	all, err := a.store.Users(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != u.ID && other.Admin && !other.Blocked {
			return nil
		}
	}
	return &project.ReasonError{Reason: u.Name + " is the only admin of the server; make another one first"}
}

func (a *Accounts) dropTokens(ctx context.Context, user project.ID) error {
	list, err := a.store.Tokens(ctx, user)
	for _, t := range list {
		err = errors.Join(err, a.store.DeleteToken(ctx, user, t.ID))
	}
	return err
}
