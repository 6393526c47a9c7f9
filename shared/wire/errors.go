package wire

import (
	"errors"
	"strconv"
)

// Errors of Parse on which a receiver acts differently.
var (
	// ErrVersion means that the other side speaks another version: the
	// connection is closed, the page asks to be reloaded.
	ErrVersion = errors.New("wire: the other side speaks another version of the protocol; reload the page")

	// ErrUnknownType means a message of a type that this version does not
	// know: it is answered with CodeUnknownType, the connection goes on.
	ErrUnknownType = errors.New("wire: unknown type of message")

	// ErrTooLarge means that a message, a string, a list or a grid is larger
	// than a limit of the protocol.
	ErrTooLarge = errors.New("wire: message is larger than a limit of the protocol")
)

// FormatError says where and why a message does not follow its layout.
type FormatError struct {
	Type   Type   // 0 when the header itself is at fault
	Offset int    // byte of the message where reading stopped
	Reason string // for people
	limit  bool
}

func (e *FormatError) Error() string {
	return "wire: message of type 0x" + strconv.FormatUint(uint64(e.Type), 16) + ", byte " +
		strconv.Itoa(e.Offset) + ": " + e.Reason
}

// Is makes errors.Is(err, ErrTooLarge) hold where a limit was crossed.
func (e *FormatError) Is(target error) bool { return e.limit && target == ErrTooLarge }

// Code says what went wrong with a request, for programs; Error.Text says it
// for people.
type Code uint16

// Codes of Error.
const (
	CodeBadMessage   Code = 1  // it did not parse, or its fields contradict each other
	CodeUnknownType  Code = 2  // the server does not know messages of this type
	CodeTooLarge     Code = 3  // beyond a limit stated in Hello
	CodeVersion      Code = 4  // another version of the protocol
	CodeNotFound     Code = 5  // no such detector, project, picture
	CodeNotOpen      Code = 6  // a crop before any Open
	CodeStale        Code = 7  // planned for another generation of the detector: plan again
	CodeBusy         Code = 8  // the queue is full: try again later
	CodeCancelled    Code = 9  // at the client's wish
	CodeBadPicture   Code = 10 // the pixels could not be decoded or have another size
	CodeForbidden    Code = 11 // not allowed for this user
	CodeInternal     Code = 12 // the server's fault
	CodeShuttingDown Code = 13 // the server stops: connect again
	CodeDuplicate    Code = 14 // the request id is in use
)

// Retry says whether sending the same again later can help.
func (c Code) Retry() bool { return c == CodeBusy || c == CodeShuttingDown }
