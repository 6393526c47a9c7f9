package wire

import (
	"image"
	"math"
	"strconv"

	"semirest/shared/prep"
)

// ScoreKind says what a detector's block scores are before calibration.
type ScoreKind uint8

const (
	Distance    ScoreKind = 1 // distance to the memory bank
	Probability ScoreKind = 2 // the classifier's probability of a defect
	Fused       ScoreKind = 3 // both, as training decided
)

// Detector describes a detector: all that a client needs to plan its crops and
// to show what it looks through. Sent in Hello, in answer to Open, and unasked
// when another model takes the place of the one open.
type Detector struct {
	Request     uint32 // 0 in Hello and when unasked
	Generation  uint32 // grows with every change of the model behind the name
	W, H        int    // input, pixels
	TileRef     int    // prep.Tile.Ref; 0 for no tiles
	TileOverlap int    // prep.Tile.Overlap
	Block       int    // side of a block, 8 or 16 input pixels
	Kind        ScoreKind
	Depth       prep.Depth // bits that 16-bit pictures use
	FalseAlarms float32    // stated share of normal pictures above the threshold
	Created     int64      // Unix seconds
	Name        string     // what Open asks for
	Model       string     // id of the model behind it
	Preset      string     // "lite", "fast", "paper"
	Supervision string     // "none", "un", "sup", "semi"
	Note        string     // for people, for instance that the pictures are synthetic
}

// Type implements Message.
func (Detector) Type() Type { return TypeDetector }

// Append implements Message.
func (m Detector) Append(b []byte) []byte {
	return m.append(header(b, TypeDetector, m.Request))
}

func (m Detector) append(b []byte) []byte {
	if err := m.check(); err != "" {
		panic("wire: " + err)
	}
	b = put32(b, m.Generation)
	b = put16(put16(b, uint16(m.W)), uint16(m.H))
	b = put32(put32(b, uint32(m.TileRef)), uint32(m.TileOverlap))
	b = append(b, byte(m.Block), byte(m.Kind), byte(m.Depth))
	b = put64(putF32(b, m.FalseAlarms), uint64(m.Created))
	return putStr(putStr(putStr(putStr(putStr(b, m.Name), m.Model), m.Preset), m.Supervision), m.Note)
}

func (m Detector) check() string {
	switch {
	case m.W < 1 || m.H < 1 || m.W > math.MaxUint16 || m.H > math.MaxUint16:
		return "a detector's input is empty or too large"
	case m.Block < 1 || m.Block > math.MaxUint8:
		return "a detector's block size is out of range"
	case m.TileRef < 0 || m.TileOverlap < 0 || m.TileRef > math.MaxInt32 || m.TileOverlap > math.MaxInt32:
		return "a detector's tiles are out of range"
	case !m.Depth.Valid():
		return "a detector's depth is out of range"
	}
	return ""
}

func (r *reader) detector(request uint32) Detector {
	m := Detector{Request: request, Generation: r.u32(), W: int(r.u16()), H: int(r.u16())}
	m.TileRef, m.TileOverlap = r.int32(), r.int32()
	m.Block, m.Kind, m.Depth = int(r.u8()), ScoreKind(r.u8()), prep.Depth(r.u8())
	m.FalseAlarms, m.Created = r.f32(), int64(r.u64())
	m.Name, m.Model, m.Preset, m.Supervision, m.Note = r.str(), r.str(), r.str(), r.str(), r.str()
	if r.err == nil {
		if err := m.check(); err != "" {
			r.fail(err)
		}
	}
	return m
}

func readDetector(r *reader, request uint32) Message { return r.detector(request) }

// Hello is the server's first message.
type Hello struct {
	Lowest, Highest uint8 // versions of the protocol that the server speaks
	Window          int   // crops that may be unanswered at a time
	MaxFrame        int   // bytes of a message
	MaxSide         int   // of a picture, pixels
	MaxPixels       int64 // of a picture
	Server          string
	Detectors       []Detector
}

// Type implements Message.
func (Hello) Type() Type { return TypeHello }

// Append implements Message.
func (m Hello) Append(b []byte) []byte {
	if len(m.Detectors) > MaxDetectors || m.Window < 0 || m.Window > math.MaxUint16 ||
		m.MaxFrame < 0 || m.MaxFrame > math.MaxInt32 || m.MaxSide < 0 || m.MaxSide > math.MaxInt32 {
		panic("wire: Hello is out of range")
	}
	b = append(header(b, TypeHello, 0), m.Lowest, m.Highest)
	b = put16(b, uint16(m.Window))
	b = put32(put32(b, uint32(m.MaxFrame)), uint32(m.MaxSide))
	b = putStr(put64(b, uint64(m.MaxPixels)), m.Server)
	b = put16(b, uint16(len(m.Detectors)))
	for _, d := range m.Detectors {
		b = d.append(b)
	}
	return b
}

func readHello(r *reader) Message {
	m := Hello{Lowest: r.u8(), Highest: r.u8(), Window: int(r.u16()), MaxFrame: r.int32(), MaxSide: r.int32()}
	m.MaxPixels, m.Server = int64(r.u64()), r.str()
	n := int(r.u16())
	if n > MaxDetectors {
		r.tooLarge("a list of detectors", n, MaxDetectors)
	}
	for i := 0; i < n && r.err == nil; i++ { // grows as they are read, not as announced
		m.Detectors = append(m.Detectors, r.detector(0))
	}
	return m
}

// Stage is a step of the server's work on a crop.
type Stage uint8

const (
	StageDecode Stage = 1 // JPEG to pixels
	StageQueue  Stage = 2 // waiting for its turn
	StageScore  Stage = 3 // the detector's run, whole
	StageTotal  Stage = 4 // from the message's arrival to its answer

	// Parts of StageScore where the detector tells them.
	StageBackbone   Stage = 16
	StageNeighbours Stage = 17
	StageClassifier Stage = 18
	StageBagging    Stage = 19
)

// StageTime is the time one stage took.
type StageTime struct {
	Stage  Stage
	Micros uint32
}

// Scores answers a crop: its calibrated block scores, 1.0 being the threshold.
type Scores struct {
	Request    uint32
	Picture    uint32 // this and the next five as the crop had them
	Generation uint32 // of the detector that scored
	Index      int
	Count      int
	Source     image.Rectangle
	Row, Col   int
	Image      float32 // largest block score of the crop
	Unlike     float32 // see block.Scores
	Stages     []StageTime
	Grid       Grid
}

// Type implements Message.
func (Scores) Type() Type { return TypeScores }

// Answer returns a Scores with the crop's request, picture, place and source
// filled in.
func (m Crop) Answer() Scores {
	return Scores{Request: m.Request, Picture: m.Picture, Generation: m.Generation,
		Index: m.Index, Count: m.Count, Source: m.Source, Row: m.Row, Col: m.Col}
}

// Append implements Message.
func (m Scores) Append(b []byte) []byte {
	if err := m.check(); err != "" {
		panic("wire: " + err)
	}
	b = header(b, TypeScores, m.Request)
	b = put32(put32(b, m.Picture), m.Generation)
	b = put16(put16(b, uint16(m.Index)), uint16(m.Count))
	b = putRect(b, m.Source)
	b = put32(put32(b, uint32(m.Row)), uint32(m.Col))
	b = append(putF32(putF32(b, m.Image), m.Unlike), byte(len(m.Stages)))
	for _, s := range m.Stages {
		b = put32(append(b, byte(s.Stage)), s.Micros)
	}
	return m.Grid.append(b)
}

func (m Scores) check() string {
	switch {
	case m.Request == 0:
		return "scores answer request id 0"
	case m.Count < 1 || m.Count > MaxCrops || m.Index < 0 || m.Index >= m.Count:
		return "scores of crop " + strconv.Itoa(m.Index) + " of " + strconv.Itoa(m.Count)
	case m.Row < 0 || m.Col < 0 || m.Row > math.MaxUint16 || m.Col > math.MaxUint16:
		return "first cell of scores is out of range"
	case len(m.Stages) > MaxStages:
		return "too many stages"
	}
	return ""
}

func readScores(r *reader, request uint32) Message {
	m := Scores{Request: request, Picture: r.u32(), Generation: r.u32(), Index: int(r.u16()), Count: int(r.u16())}
	m.Source = r.rect()
	m.Row, m.Col = r.int32(), r.int32()
	m.Image, m.Unlike = r.f32(), r.f32()
	n := int(r.u8())
	if n > MaxStages {
		r.tooLarge("a list of stages", n, MaxStages)
	}
	for i := 0; i < n && r.err == nil; i++ {
		m.Stages = append(m.Stages, StageTime{Stage: Stage(r.u8()), Micros: r.u32()})
	}
	m.Grid = r.grid()
	if r.err == nil {
		if err := m.check(); err != "" {
			r.fail(err)
		}
	}
	return m
}

// Measured answers a Measure.
type Measured struct{ Request uint32 }

// Type implements Message.
func (Measured) Type() Type { return TypeMeasured }

// Append implements Message.
func (m Measured) Append(b []byte) []byte { return header(b, TypeMeasured, m.Request) }

// Error answers a request that failed; with Request 0 it concerns the whole
// connection.
type Error struct {
	Request uint32
	Code    Code
	Text    string // what went wrong and what to do, for people
}

// Type implements Message.
func (Error) Type() Type { return TypeError }

// Error makes it a Go error for the client.
func (m Error) Error() string { return m.Text }

// Append implements Message.
func (m Error) Append(b []byte) []byte {
	return putStr(put16(header(b, TypeError, m.Request), uint16(m.Code)), m.Text)
}

func readError(r *reader, request uint32) Message {
	return Error{Request: request, Code: Code(r.u16()), Text: r.str()}
}
