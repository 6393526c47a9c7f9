package project

import (
	"errors"
	"fmt"
	"time"
)

// LocalName is the name of the only person where there are no accounts.
const LocalName = "local"

// Errors of signing in. ErrSignIn does not tell a wrong name from a wrong password.
var (
	ErrSignIn    = errors.New("the name or the password is wrong")
	ErrSignedOut = errors.New("not signed in, or no longer")
)

// ThrottledError refuses what was tried too often.
type ThrottledError struct {
	What  string        // for people
	After time.Duration // when to try again
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many %s; try again in %s", e.What, e.After.Round(time.Second))
}

// UserChange is what to change in an account; nil leaves it as it is.
type UserChange struct {
	Password *string
	Admin    *bool
	Blocked  *bool
}

// ReasonError is ErrInvalid, with what is wrong and what to do, for people.
type ReasonError struct{ Reason string }

func (e *ReasonError) Error() string { return e.Reason }

// Is makes errors.Is(err, ErrInvalid) hold.
func (e *ReasonError) Is(target error) bool { return target == ErrInvalid }

// EventFilter chooses lines of the audit log; its zero value the newest thousand.
type EventFilter struct {
	Project ID        // empty: all
	User    string    // name; empty: all
	Action  string    // empty: all
	Before  time.Time // older than this; zero: all
	Limit   int       // 0: 1000
}
