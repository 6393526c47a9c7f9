package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"semirest/server/project"
)

// renewEvery is how often at most the end of a session in use is moved: a write to the disk each.
const renewEvery = time.Minute

// newSecret is 256 random bits as text.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hashSecret is what is kept of a secret.
func hashSecret(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(h[:])
}

// SignIn checks a name and a password and makes a session: value is for the cookie. from is the address that the request
// came from; old is the cookie's value that the browser had, whose session ends.
//
// Who is not known, blocked or mistaken gets project.ErrSignIn, in the same time; who fails too often, a
// *project.ThrottledError.
func (a *Accounts) SignIn(ctx context.Context, name, password, from, old string) (u project.User, value string, expires time.Time, err error) {
	if !a.options.Enabled {
		return u, "", expires, &project.ReasonError{Reason: "this server has no accounts; start it with --auth to have them"}
	}
	u, err = a.check(ctx, name, password, from)
	if err != nil {
		return project.User{}, "", expires, err
	}
	if old != "" {
		if err := a.store.DeleteSession(ctx, hashSecret(old)); err != nil {
			return project.User{}, "", expires, fmt.Errorf("account: %w", err)
		}
	}
	value, expires, err = a.open(ctx, u)
	return u, value, expires, err
}

// check finds the person with that name and password, unless the name or the address failed too often lately.
func (a *Accounts) check(ctx context.Context, name, password, from string) (project.User, error) {
	name, from = strings.ToLower(strings.TrimSpace(name)), network(from)
	if len(name) > maxName {
		name = name[:maxName+1] // nobody is called that
	}
	if err := a.throttled(name, from); err != nil {
		return project.User{}, err
	}
	u, err := a.store.UserNamed(ctx, name)
	known := err == nil && !u.Blocked
	if err != nil && !errors.Is(err, project.ErrNotFound) {
		return project.User{}, fmt.Errorf("account: %w", err)
	}
	hash := u.Hash
	if !known || hash == "" {
		hash = a.decoy
	}
	ok, stale, err := a.verify(ctx, password, hash, func() error { return a.throttled(name, from) })
	if err != nil {
		return project.User{}, err
	}
	if !ok || !known {
		now := a.now()
		a.pairs.take(name+"\x00"+from, 1, now)
		a.names.take(name, 1, now)
		a.addresses.take(from, 1, now)
		return project.User{}, project.ErrSignIn
	}
	if stale {
		renewed, err := a.rehash(ctx, u, password)
		if err != nil {
			a.log.Error("cannot renew a password's hash", "user", u.Name, "error", err)
			return u, nil
		}
		u.Hash = renewed
	}
	return u, nil
}

// throttled refuses a sign-in after too many failures: of this name from this address, of this name from anywhere, or
// from this address with any name. The second limit is wide, since anybody can use it up to keep a person out.
func (a *Accounts) throttled(name, from string) error {
	now := a.now()
	wait := max(a.pairs.wait(name+"\x00"+from, 1, now), a.names.wait(name, 1, now), a.addresses.wait(from, 1, now))
	if wait > 0 {
		return &project.ThrottledError{What: "failed sign-ins", After: wait}
	}
	return nil
}

func (a *Accounts) rehash(ctx context.Context, u project.User, password string) (hash string, err error) {
	if hash, err = a.hash(ctx, password); err != nil {
		return "", err
	}
	_, err = a.store.UpdateUser(ctx, u.ID, func(now *project.User) error {
		if now.Hash == u.Hash { // else it was changed meanwhile
			now.Hash = hash
		}
		return nil
	})
	return hash, err
}

// network is the part of an address that one person is likely to have alone: all of IPv4, the first half of IPv6.
func network(from string) string {
	addr, err := netip.ParseAddr(from)
	if err != nil {
		return from
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.String()
		}
	}
	return addr.String()
}

// open makes a session of a person whose password was right when u was read. Who got another one or was blocked since
// gets none: what signs a person out everywhere changes the person first, and this looks at the person last.
func (a *Accounts) open(ctx context.Context, u project.User) (value string, expires time.Time, err error) {
	value = newSecret()
	now := a.now().UTC()
	x := project.Session{Hash: hashSecret(value), User: u.ID, Created: now, Expires: now.Add(a.options.Idle)}
	if err := a.store.CreateSession(ctx, x); err != nil {
		return "", expires, fmt.Errorf("account: %w", err)
	}
	if now, err := a.store.User(ctx, u.ID); err != nil || now.Hash != u.Hash || now.Blocked {
		if err == nil || errors.Is(err, project.ErrNotFound) {
			err = project.ErrSignIn
		}
		return "", expires, errors.Join(err, a.store.DeleteSession(context.WithoutCancel(ctx), x.Hash))
	}
	return value, now.Add(a.options.Life), nil
}

// Session finds whose cookie's value it is, and moves the session's end. hash names the session. The error is
// project.ErrSignedOut where it is nobody's, or its time is over, or the person is blocked.
func (a *Accounts) Session(ctx context.Context, value string) (u project.User, hash string, err error) {
	hash = hashSecret(value)
	x, err := a.store.Session(ctx, hash)
	if errors.Is(err, project.ErrNotFound) {
		return u, "", project.ErrSignedOut
	}
	if err != nil {
		return u, "", fmt.Errorf("account: %w", err)
	}
	now := a.now()
	end := x.Created.Add(a.options.Life)
	if !now.Before(x.Expires) || !now.Before(end) {
		if err := a.store.DeleteSession(ctx, hash); err != nil {
			a.log.Error("cannot delete a session that is over", "error", err)
		}
		return u, "", project.ErrSignedOut
	}
	if u, err = a.person(ctx, x.User); err != nil {
		return project.User{}, "", err
	}
	next := now.Add(a.options.Idle)
	if next.After(end) {
		next = end
	}
	if next.Sub(x.Expires) >= min(renewEvery, a.options.Idle/4) {
		if err := a.store.ExtendSession(ctx, hash, next.UTC()); err != nil && !errors.Is(err, project.ErrNotFound) {
			a.log.Error("cannot extend a session", "user", u.Name, "error", err)
		}
	}
	return u, hash, nil
}

// person is a user who is there and not blocked; else project.ErrSignedOut.
func (a *Accounts) person(ctx context.Context, id project.ID) (project.User, error) {
	u, err := a.store.User(ctx, id)
	if errors.Is(err, project.ErrNotFound) || (err == nil && u.Blocked) {
		return project.User{}, project.ErrSignedOut
	}
	if err != nil {
		return project.User{}, fmt.Errorf("account: %w", err)
	}
	return u, nil
}

// SignOut ends the session with that hash, or all of a person's.
func (a *Accounts) SignOut(ctx context.Context, u project.User, hash string, everywhere bool) error {
	if everywhere {
		return a.store.DeleteSessions(ctx, u.ID)
	}
	return a.store.DeleteSession(ctx, hash)
}

// ChangePassword gives a person who knows the old password a new one. All sessions end; value is of a new one.
func (a *Accounts) ChangePassword(ctx context.Context, u project.User, old, chosen, from string) (value string, expires time.Time, err error) {
	if !a.options.Enabled {
		return "", expires, &project.ReasonError{Reason: "this server has no accounts"}
	}
	if err := checkPassword(u.Name, chosen); err != nil {
		return "", expires, err
	}
	knew, err := a.check(ctx, u.Name, old, from)
	if err != nil {
		return "", expires, err
	}
	// Two at once who know the old password: one of them is too late.
	changed, err := a.changeUser(ctx, u.ID, project.UserChange{Password: &chosen}, func(now project.User) error {
		if now.Hash != knew.Hash || now.Blocked {
			return project.ErrSignIn
		}
		return nil
	})
	if err != nil {
		return "", expires, err
	}
	return a.open(ctx, changed)
}
