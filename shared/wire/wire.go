package wire

// Version is the version of the protocol that this package speaks.
const Version = 3

// Limits of the protocol. A server may state lower ones in Hello, never higher
// ones.
const (
	MaxFrame     = 4 << 20          // bytes of a message, header included
	MaxData      = MaxFrame - 8<<10 // bytes of a crop's pixels, of a grid's numbers
	MaxString    = 1 << 10          // bytes of a string
	MaxGrid      = 1 << 10          // rows or columns of a grid
	MaxDetectors = 256              // in Hello
	MaxStages    = 32               // in Scores
	MaxCrops     = 4096             // of one picture, prep.MaxCrops
	Window       = 4                // unanswered crops of one client
	MaxMeasure   = 64 << 10         // bytes of content of a Measure

	MaxFilePixels = 4 << 20 // of a picture whose file is sent as a crop

	HeaderSize     = 8  // bytes before every payload
	CropHeaderSize = 64 // bytes before a crop's pixels
)

// Type says what a message is.
type Type uint8

// Types below 0x80 go from client to server, the others back.
const (
	TypeOpen   Type = 0x01
	TypeCrop   Type = 0x02
	TypeCancel Type = 0x03
	TypeWatch  Type = 0x04
	// 0x05 was another version's
	TypeMeasure Type = 0x06

	TypeHello    Type = 0x81
	TypeDetector Type = 0x82
	TypeScores   Type = 0x83
	TypeProgress Type = 0x84
	TypeError    Type = 0x85
	TypeTraining Type = 0x86
	TypeJob      Type = 0x87
	TypeChanged  Type = 0x8a
	TypeMeasured Type = 0x8b
)

// FromServer says whether messages of the type go from server to client. A
// receiver refuses the other direction.
func (t Type) FromServer() bool { return t&0x80 != 0 }

// Message is one message of the protocol. Its implementations are the struct
// types of this package, not pointers to them.
type Message interface {
	// Type is the message's type.
	Type() Type

	// Append appends the message, header included, to b. It panics on what
	// Parse would refuse: a programmer's error, since all of it can be seen
	// before. Strings are the exception: they are cut at MaxString bytes and
	// made valid UTF-8, for they come from elsewhere.
	Append(b []byte) []byte
}

// Parse reads one message. A crop's pixels alias b; everything else is copied.
// Errors are ErrVersion, ErrUnknownType, ErrTooLarge (all to be found by
// errors.Is) or a *FormatError; no length is believed before it is checked
// against the bytes that are there. Request tells the id to answer when the
// error is such that the header could be read.
func Parse(b []byte) (Message, error) {
	if len(b) > MaxFrame {
		return nil, ErrTooLarge
	}
	r := reader{b: b}
	version, typ := r.u8(), Type(r.u8())
	if r.err == nil && version != Version {
		return nil, ErrVersion
	}
	if r.u16() != 0 {
		r.fail("reserved bytes are not 0")
	}
	request := r.u32()
	if r.err != nil {
		return nil, r.err
	}
	r.typ = typ
	var m Message
	switch typ {
	case TypeOpen:
		m = readOpen(&r, request)
	case TypeCrop:
		m = readCrop(&r, request)
	case TypeCancel:
		m = Cancel{Request: request}
	case TypeWatch:
		m = readWatch(&r, request)
	case TypeMeasure:
		m = readMeasure(&r, request)
	case TypeMeasured:
		m = Measured{Request: request}
	case TypeHello:
		m = readHello(&r)
	case TypeDetector:
		m = readDetector(&r, request)
	case TypeScores:
		m = readScores(&r, request)
	case TypeProgress:
		m = readProgress(&r, request)
	case TypeError:
		m = readError(&r, request)
	case TypeTraining:
		m = readTraining(&r)
	case TypeJob:
		m = readJob(&r, request)
	case TypeChanged:
		m = readChanged(&r)
	default:
		return nil, ErrUnknownType
	}
	r.end()
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

// Request is the request id in a message's header, 0 when there is none: what
// an Error about a message that does not parse is to be addressed to.
func Request(b []byte) uint32 {
	if len(b) < HeaderSize || b[0] != Version {
		return 0
	}
	return uint32(b[4]) | uint32(b[5])<<8 | uint32(b[6])<<16 | uint32(b[7])<<24
}
