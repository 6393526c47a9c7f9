package account

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"semirest/server/project"
)

func signIn(t *testing.T, a *Accounts, name, pass, from, old string) string {
	t.Helper()
	_, value, _, err := a.SignIn(t.Context(), name, pass, from, old)
	if err != nil {
		t.Fatalf("sign-in of %s: %v", name, err)
	}
	return value
}

func TestASessionIsRenewedAtSignIn(t *testing.T) {
	a, m, _ := bench(t)
	planted := newSecret() // an attacker's choice, in the victim's browser
	value := signIn(t, a, "Anna ", password, "1.2.3.4", planted)
	if value == planted {
		t.Fatal("the planted value became the session")
	}
	if _, _, err := a.Session(t.Context(), planted); !errors.Is(err, project.ErrSignedOut) {
		t.Errorf("the planted value: %v", err)
	}
	next := signIn(t, a, "anna", password, "1.2.3.4", value)
	if _, _, err := a.Session(t.Context(), value); !errors.Is(err, project.ErrSignedOut) {
		t.Errorf("the session before: %v", err)
	}
	u, hash, err := a.Session(t.Context(), next)
	if err != nil || u.Name != "anna" {
		t.Fatalf("%v %v", u, err)
	}
	for kept := range m.sessions {
		if kept != hash || strings.Contains(kept, next) || len(kept) != 64 {
			t.Errorf("kept %q of cookie %q", kept, next)
		}
	}
	if len(next) < 43 {
		t.Errorf("a session's value has %d characters, too few for 256 bits", len(next))
	}
}

func TestSessionsEnd(t *testing.T) {
	a, m, c := bench(t)
	ctx := t.Context()
	value := signIn(t, a, "anna", password, "", "")
	c.forward(11 * time.Hour)
	if _, _, err := a.Session(ctx, value); err != nil {
		t.Fatalf("in use: %v", err)
	}
	before := m.extended
	if _, _, err := a.Session(ctx, value); err != nil || m.extended != before {
		t.Errorf("used at once again: %v, %d writes more", err, m.extended-before)
	}
	c.forward(12*time.Hour + time.Second)
	if _, _, err := a.Session(ctx, value); !errors.Is(err, project.ErrSignedOut) {
		t.Errorf("idle for 12 hours: %v", err)
	}
	value = signIn(t, a, "anna", password, "", "")
	hours := 0
	for ; hours < 15*24; hours++ {
		if _, _, err := a.Session(ctx, value); err != nil {
			break
		}
		c.forward(time.Hour)
	}
	if hours != 14*24 {
		t.Errorf("a session in use ended after %d hours, want 14 days", hours)
	}
}

func TestSigningOutAndPasswordsEndSessions(t *testing.T) {
	a, _, _ := bench(t)
	ctx := t.Context()
	alive := func(v string) bool {
		_, _, err := a.Session(ctx, v)
		return err == nil
	}
	here, there := signIn(t, a, "anna", password, "", ""), signIn(t, a, "anna", password, "", "")
	boss := signIn(t, a, "boss", password, "", "")
	u, hash, _ := a.Session(ctx, here)
	if err := a.SignOut(ctx, u, hash, false); err != nil || alive(here) || !alive(there) {
		t.Fatalf("signing out: %v, here %v, there %v", err, alive(here), alive(there))
	}
	here = signIn(t, a, "anna", password, "", "")
	if err := a.SignOut(ctx, u, "", true); err != nil || alive(here) || alive(there) || !alive(boss) {
		t.Fatalf("signing out everywhere: %v, here %v, there %v, another's %v", err, alive(here), alive(there), alive(boss))
	}
	there = signIn(t, a, "anna", password, "", "")
	if _, _, err := a.ChangePassword(ctx, u, "not this one", "a new password", ""); !errors.Is(err, project.ErrSignIn) || !alive(there) {
		t.Errorf("a wrong old password: %v", err)
	}
	value, _, err := a.ChangePassword(ctx, u, password, "a new password", "")
	if err != nil || alive(there) || !alive(value) {
		t.Errorf("a new password: %v, old session %v, new one %v", err, alive(there), alive(value))
	}
	if _, _, _, err := a.SignIn(ctx, "anna", password, "", ""); !errors.Is(err, project.ErrSignIn) {
		t.Errorf("the old password: %v", err)
	}
	blocked := true
	token := newToken(t, a, u)
	if _, err := a.ChangeUser(ctx, u.ID, project.UserChange{Blocked: &blocked}); err != nil || alive(value) {
		t.Errorf("blocking: %v, session %v", err, alive(value))
	}
	if _, err := a.Token(ctx, token); !errors.Is(err, project.ErrSignedOut) {
		t.Errorf("a blocked person's token: %v", err)
	}
	if _, _, _, err := a.SignIn(ctx, "anna", "a new password", "", ""); !errors.Is(err, project.ErrSignIn) {
		t.Errorf("a blocked person signs in: %v", err)
	}
}

func TestGuessingIsThrottled(t *testing.T) {
	a, _, c := bench(t)
	ctx := t.Context()
	try := func(name, pass, from string) error {
		_, _, _, err := a.SignIn(ctx, name, pass, from, "")
		return err
	}
	throttled := func(err error) bool {
		th, ok := errors.AsType[*project.ThrottledError](err)
		return ok && th.After > 0
	}
	for i := range 5 {
		if err := try("anna", "guess", "1.1.1.1"); !errors.Is(err, project.ErrSignIn) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	if err := try("anna", password, "1.1.1.1"); !throttled(err) {
		t.Errorf("the sixth try, with the right password: %v", err)
	}
	if err := try("anna", password, "2.2.2.2"); err != nil {
		t.Errorf("the person from elsewhere: %v", err)
	}
	if err := try("boss", password, "1.1.1.1"); err != nil {
		t.Errorf("another person from there: %v", err)
	}
	c.forward(30 * time.Second)
	if err := try("anna", password, "1.1.1.1"); err != nil {
		t.Errorf("half a minute later: %v", err)
	}

	// Many names from one address; IPv6 has 2^64 of them for everybody.
	i := 0
	for ; i < 100; i++ {
		if err := try(fmt.Sprint("somebody", i), "guess", fmt.Sprintf("2001:db8::%x", i)); !errors.Is(err, project.ErrSignIn) {
			if !throttled(err) {
				t.Fatal(err)
			}
			break
		}
	}
	if i != 20 {
		t.Errorf("%d names were tried from one network, want 20", i)
	}
	// One name from many addresses.
	i = 0
	for ; i < 100; i++ {
		if err := try("boss", "guess", fmt.Sprintf("10.0.0.%d", i)); !errors.Is(err, project.ErrSignIn) {
			if !throttled(err) {
				t.Fatal(err)
			}
			break
		}
	}
	if i != 30 {
		t.Errorf("one name was tried %d times, want 30", i)
	}
}

// TestGuessesAtOnceAreThrottled: tries that arrive together are not all let in before the first has failed.
func TestGuessesAtOnceAreThrottled(t *testing.T) {
	a, _, _ := bench(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	tried := 0
	for range 50 {
		wg.Go(func() {
			_, _, _, err := a.SignIn(t.Context(), "anna", "guess", "1.1.1.1", "")
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, project.ErrSignIn) {
				tried++
			}
		})
	}
	wg.Wait()
	if tried < 5 || tried >= 5+maxHashing {
		t.Errorf("%d of 50 guesses at once were tried, want 5 or little more", tried)
	}
}
