package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"semirest/server/project"
)

// Bounds of tokens.
const (
	maxTokens    = 50                   // of one person
	maxTokenLife = 366 * 24 * time.Hour // a token that is never renewed is a password nobody remembers
	maxTokenName = 120                  // characters
)

// tokenPrefix lets people and scanners of leaked secrets see what a token is for.
const tokenPrefix = "semirest_"

// NewToken makes a token that lets a script act for a person for some time. The secret is not to be had again.
func (a *Accounts) NewToken(ctx context.Context, u project.User, name string, life time.Duration) (t project.Token, secret string, err error) {
	name = strings.TrimSpace(name)
	switch {
	case !a.options.Enabled:
		return t, "", &project.ReasonError{Reason: "without accounts scripts on this machine need no token"}
	case name == "" || utf8.RuneCountInString(name) > maxTokenName || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return t, "", &project.ReasonError{Reason: fmt.Sprintf("a token needs a name of 1 to %d printable characters, to know it by", maxTokenName)}
	case life < time.Minute || life > maxTokenLife:
		return t, "", &project.ReasonError{Reason: "a token lives from a minute to 366 days"}
	}
	secret = tokenPrefix + newSecret()
	now := a.now().UTC()
	t, err = a.store.CreateToken(ctx, project.Token{User: u.ID, Name: name, Hash: hashSecret(secret), Created: now, Expires: now.Add(life)}, maxTokens)
	if errors.Is(err, project.ErrExists) {
		return t, "", &project.ReasonError{Reason: fmt.Sprintf("a person may have %d tokens; delete one first", maxTokens)}
	}
	if err != nil {
		return t, "", err
	}
	// Who was blocked meanwhile has lost the tokens there were; this one would come to life with the account.
	if now, err := a.store.User(ctx, u.ID); err != nil || now.Blocked {
		if err == nil {
			err = project.ErrSignedOut
		}
		return project.Token{}, "", errors.Join(err, a.store.DeleteToken(context.WithoutCancel(ctx), u.ID, t.ID))
	}
	return t, secret, nil
}

// Token finds whose secret it is; project.ErrSignedOut where it is nobody's, or its time is over, or the person is
// blocked.
func (a *Accounts) Token(ctx context.Context, secret string) (project.User, error) {
	if !strings.HasPrefix(secret, tokenPrefix) {
		return project.User{}, project.ErrSignedOut
	}
	t, err := a.store.TokenHashed(ctx, hashSecret(secret))
	if errors.Is(err, project.ErrNotFound) || (err == nil && !t.Expires.IsZero() && !a.now().Before(t.Expires)) {
		return project.User{}, project.ErrSignedOut
	}
	if err != nil {
		return project.User{}, fmt.Errorf("account: %w", err)
	}
	return a.person(ctx, t.User)
}

// Tokens are a person's tokens, without their secrets.
func (a *Accounts) Tokens(ctx context.Context, u project.User) ([]project.Token, error) {
	if !a.options.Enabled {
		return nil, nil
	}
	return a.store.Tokens(ctx, u.ID)
}

// DeleteToken takes one of a person's tokens away.
func (a *Accounts) DeleteToken(ctx context.Context, u project.User, id project.ID) error {
	return a.store.DeleteToken(ctx, u.ID, id)
}
