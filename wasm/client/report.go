package client

import (
	"semirest/shared/block"
	"semirest/shared/prep"
)

// State is where a picture stands.
type State uint8

// The states of a picture.
const (
	Waiting   State = iota // for its turn, a detector or the connection
	Preparing              // being decoded and cut
	Scoring                // its crops are with the server; the map may be partial
	Scored
	Failed // Reason says why
)

// String is the state's name on the page.
func (s State) String() string {
	return [...]string{"waiting", "preparing", "scoring", "scored", "failed"}[s]
}

// Stage is a part of what a picture takes, from its file to its map.
type Stage string

// The stages, in the order of a picture's way.
const (
	StageRead      Stage = "read"
	StageDecode    Stage = "decode"
	StageResize    Stage = "resize"
	StageThumbnail Stage = "thumbnail"
	StageEncode    Stage = "encode" // crops made smaller
	StageSend      Stage = "send"   // to the server and back, less its own time
	StageUnpack    Stage = "unpack" // the server's: JPEG, PNG or the file itself to pixels
	StageQueue     Stage = "queue"  // the server's
	StageScore     Stage = "score"  // the server's
)

// Report is what is known of one picture.
type Report struct {
	ID              uint32
	State           State
	Reason          string // of a failure, for people
	Detector, Model string // that scores it
	Lossy           bool   // crops travel as JPEG
	Size            prep.Size
	Answered, Crops int
	Score           float32      // largest block score so far; 1 is the threshold
	Map             block.Scores // calibrated, of the whole picture; 0 where no tile has come yet
	Unlike          float32      // see block.Scores
	HotX, HotY      float64      // middle of the hottest block, upright pixels
	Times           []Time
	Total           Millis // from the start of the preparation to the last answer
}

// addTime adds to a stage, in the order in which stages first appear.
func (r *Report) addTime(stage Stage, took Millis) {
	for i := range r.Times {
		if r.Times[i].Stage == stage {
			r.Times[i].Took += took
			return
		}
	}
	r.Times = append(r.Times, Time{stage, took})
}
