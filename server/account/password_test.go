package account

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"semirest/server/project"
)

// TestUnknownNamesCostAHash: who is not known takes the same path as a wrong password, through one hash of full costs.
func TestUnknownNamesCostAHash(t *testing.T) {
	m := newMemory()
	a, err := New(m, Options{Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.AddUser(t.Context(), "anna", password, false); err != nil {
		t.Fatal(err)
	}
	// Time is the machine's mood; the memory that a hash takes is not.
	took := func(name string) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, _, _, err := a.SignIn(t.Context(), name, "guess", "10.0.0.1", ""); !errors.Is(err, project.ErrSignIn) {
			t.Fatalf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) >> 20
	}
	const want = 64 // MiB
	if known, unknown := took("anna"), took("nobody"); known < want || known > want+8 || unknown < want || unknown > want+8 {
		t.Errorf("a known name takes %d MiB, an unknown one %d, want %d", known, unknown, want)
	}
}

func TestHashesAreRenewedAndBounded(t *testing.T) {
	a, m, _ := bench(t)
	ctx := t.Context()
	anna, _ := a.UserCalled(ctx, "anna")
	if !strings.HasPrefix(anna.Hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("hash %s is no PHC string", anna.Hash)
	}
	a.costs.Iterations = 2
	signIn(t, a, "anna", password, "", "")
	if now, _ := a.UserCalled(ctx, "anna"); !strings.HasPrefix(now.Hash, "$argon2id$v=19$m=64,t=2,p=1$") {
		t.Errorf("the hash was not renewed: %s", now.Hash)
	}
	signIn(t, a, "anna", password, "", "")
	for _, bad := range []string{
		strings.Replace(anna.Hash, "m=64", "m=4000000000", 1), strings.Replace(anna.Hash, "t=1", "t=0", 1),
		strings.Replace(anna.Hash, "t=1", "t=4000000000", 1), strings.Replace(anna.Hash, "p=1", "p=0", 1), "plain", "$2a$10$x",
	} {
		u := anna
		u.Hash = bad
		m.users[u.ID] = u
		if _, _, _, err := a.SignIn(ctx, "anna", password, "", ""); err == nil || errors.Is(err, project.ErrSignIn) {
			t.Errorf("hash %q: %v", bad, err)
		}
	}
}

// TestHashingWaitsItsTurn: a flood of sign-ins does not take a flood of memory.
func TestHashingWaitsItsTurn(t *testing.T) {
	a, _, _ := bench(t)
	for range maxHashing {
		a.turns <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := a.SignIn(ctx, "anna", password, "", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("a sign-in beyond the turns: %v", err)
	}
}
