package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"

	"semirest/server/project"
)

// costs are of new hashes: the second choice of RFC 9106, section 4, for 64 MiB of memory. A hash with others is made
// anew when its owner signs in.
var costs = argon2id.Params{Memory: 64 << 10, Iterations: 3, Parallelism: 4, SaltLength: 16, KeyLength: 32}

// Bounds of what a stored hash may ask for, so that a row from elsewhere cannot make the server work for minutes.
const (
	maxMemory     = 1 << 20 // KiB
	maxIterations = 64
)

// maxHashing is how many hashes may be computed at a time: each takes the memory that costs says.
const maxHashing = 2

// Lengths of passwords: the lower in characters, the upper in bytes.
const (
	minPassword = 10
	maxPassword = 1024
)

// checkPassword says what is wrong with a password that somebody chose.
func checkPassword(name, password string) error {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return &project.ReasonError{Reason: fmt.Sprintf("a password needs %d characters or more", minPassword)}
	case len(password) > maxPassword:
		return &project.ReasonError{Reason: fmt.Sprintf("a password may have %d bytes", maxPassword)}
	case !utf8.ValidString(password):
		return &project.ReasonError{Reason: "a password is text in UTF-8"}
	case strings.EqualFold(password, name), strings.Count(password, password[:1]) == len(password):
		return &project.ReasonError{Reason: "that password is too easy to guess"}
	}
	return nil
}

// hash makes a PHC string of a password.
func (a *Accounts) hash(ctx context.Context, password string) (string, error) {
	done, err := a.hashing(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	h, err := argon2id.CreateHash(password, &a.costs)
	if err != nil {
		return "", fmt.Errorf("account: %w", err)
	}
	return h, nil
}

// decoy is a PHC string that no password has, of which nobody could tell: salt and key are random.
func decoy(p argon2id.Params) string {
	random := make([]byte, p.SaltLength+p.KeyLength)
	_, _ = rand.Read(random) // never fails: it ends the program instead
	text := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Iterations, p.Parallelism,
		text(random[:p.SaltLength]), text(random[p.SaltLength:]))
}

// verify tells whether the password is that of a hash, and whether the hash should be made anew. It takes as long for a
// name that is not known, whose hash is the decoy. again is asked once it is this password's turn: while it waited, others
// may have failed.
func (a *Accounts) verify(ctx context.Context, password, hash string, again func() error) (ok, stale bool, err error) {
	params, _, _, err := argon2id.DecodeHash(hash)
	if err != nil {
		return false, false, fmt.Errorf("account: a stored hash cannot be read: %w", err)
	}
	if params.Memory > maxMemory || params.Iterations > maxIterations || params.Iterations < 1 || params.Parallelism < 1 {
		return false, false, fmt.Errorf("account: a stored hash asks for %d KiB and %d passes, which is no hash of this program", params.Memory, params.Iterations)
	}
	if len(password) > maxPassword {
		password = password[:maxPassword+1] // no password is as long, and nobody may make the server hash a book
	}
	done, err := a.hashing(ctx)
	if err != nil {
		return false, false, err
	}
	defer done()
	if err := again(); err != nil {
		return false, false, err
	}
	ok, params, err = argon2id.CheckHash(password, hash)
	if err != nil {
		return false, false, fmt.Errorf("account: %w", err)
	}
	return ok, params.Memory != a.costs.Memory || params.Iterations != a.costs.Iterations || params.Parallelism != a.costs.Parallelism, nil
}

// hashPatience is how long a password waits for its turn.
const hashPatience = 10 * time.Second

// hashing waits for a turn to hash; done ends it.
func (a *Accounts) hashing(ctx context.Context) (done func(), err error) {
	late := time.NewTimer(hashPatience)
	defer late.Stop()
	select {
	case a.turns <- struct{}{}:
		return func() { <-a.turns }, nil
	case <-late.C:
		return nil, &project.ThrottledError{What: "sign-ins at once", After: hashPatience}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
