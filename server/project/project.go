// Package project holds the words in which the parts of the labelling loop talk
// to each other: projects, pictures, label revisions, models, jobs, people. It is
// plain data, knows no database, no socket and no runtime, and has no behaviour
// but what follows from the data alone.
package project

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ID names a row: 16 lower-case base32 characters from crypto/rand.
type ID string

// Number is the ID as the websocket's messages have it: its first 50 bits, which a browser's numbers hold.
func (id ID) Number() uint64 {
	n := uint64(0)
	for _, b := range []byte(id[:min(len(id), 10)]) {
		if b >= 'a' {
			n = n<<5 | uint64(b-'a')
		} else {
			n = n<<5 | uint64(b-'2'+26)
		}
	}
	return n
}

// DetectorName is what the detector of a project's deployed model is called.
func DetectorName(of ID) string { return detectorPrefix + string(of) }

// OfDetector is the project whose deployed model a detector of this name is; false where it is none's.
func OfDetector(name string) (ID, bool) {
	id, ok := strings.CutPrefix(name, detectorPrefix)
	return ID(id), ok
}

const detectorPrefix = "project/"

// Role is what a person said a picture is when it was brought in.
type Role string

const (
	Unsaid    Role = ""          // not said yet
	Normal    Role = "normal"    // without defects: feeds the memory bank
	Defective Role = "defective" // has defects; where, its labels say
)

// Project is a kind of part under inspection, with its pictures and detectors.
type Project struct {
	ID       ID              `json:"id"`
	Name     string          `json:"name"`
	Created  time.Time       `json:"created"`
	Deployed ID              `json:"deployed,omitempty"` // the model that open pages see; empty: none
	Previous ID              `json:"previous,omitempty"` // the one before it: one click goes back
	Settings json.RawMessage `json:"settings,omitempty"`
}

// Picture is one picture of a project. Sizes are of the upright picture (EXIF applied).
type Picture struct {
	ID      ID        `json:"id"`
	Project ID        `json:"project"`
	Name    string    `json:"name"`           // of the dropped file, without folders; told apart within a project
	Path    string    `json:"path,omitempty"` // folders and name that the file came with, by which labels find it; empty: not known
	SHA256  string    `json:"sha256"`         // hex, of the file as it was dropped
	Bytes   int64     `json:"bytes"`
	Width   int       `json:"width"`
	Height  int       `json:"height"`
	Role    Role      `json:"role"`
	Kind    string    `json:"kind,omitempty"`  // of defect, for tables; free text
	Held    bool      `json:"held"`            // kept from training, to evaluate with
	Truth   string    `json:"truth,omitempty"` // SHA-256 of a ground-truth mask PNG; empty: none
	Added   time.Time `json:"added"`
	Labels  *State    `json:"labels,omitempty"` // where its labels stand; nil: never labelled
}

// PictureFilter chooses pictures of a project; its zero value all of them.
type PictureFilter struct {
	Role     *Role
	Held     *bool
	Labelled *bool  // with a label revision, or without any
	Name     string // exactly this; empty: any
	Offset   int    // pictures passed over
	Limit    int    // 0: no limit
}

// Counts counts a project's pictures.
type Counts struct {
	Pictures  int `json:"pictures" bun:"pictures"`
	Normal    int `json:"normal" bun:"normal"`
	Defective int `json:"defective" bun:"defective"`
	Labelled  int `json:"labelled" bun:"labelled"`
	Held      int `json:"held" bun:"held"`
}

// State sums a picture's current labels up, so that lists need not parse them.
type State struct {
	Revision uint64           `json:"revision"` // 1 and up
	Author   string           `json:"author"`
	Time     time.Time        `json:"time"`
	Normal   bool             `json:"normal"`
	Boxes    int              `json:"boxes"`
	Polygons int              `json:"polygons"`
	Pixels   int64            `json:"pixels"` // marked by the brush
	Blocks   int              `json:"blocks"` // labelled by the block brush
	Millis   map[string]int64 `json:"millis"` // worked, by tool, idle pauses left out
}

// Revision is one saved state of a picture's labels. None is ever changed or lost.
type Revision struct {
	Picture ID     `json:"picture"`
	Base    uint64 `json:"base"`    // what it was drawn on
	SaveID  string `json:"save_id"` // the client's own name of this save: repeating it is safe
	Data    []byte `json:"-"`       // annot.Labels, stored form
	State
}

// Model is a trained detector of a project.
type Model struct {
	ID          ID        `json:"id"`
	Project     ID        `json:"project"`
	Name        string    `json:"name"`
	SHA256      string    `json:"sha256"`
	Bytes       int64     `json:"bytes"`
	Supervision string    `json:"supervision"` // none, un, sup, semi
	Created     time.Time `json:"created"`
	Job         ID        `json:"job,omitempty"`
	Metrics     *Metrics  `json:"metrics,omitempty"` // nil: nothing to evaluate with
	LabelMillis int64     `json:"label_millis"`      // spent on the labels it learnt from
	Threshold   float64   `json:"threshold"`         // calibrated score above which a picture is defective; 1: the model's own
	Note        string    `json:"note,omitempty"`
}

// Metrics are a model's measures on the held-out labelled pictures, fractions of 1
// (METHOD section 8). NaN is never stored: what could not be measured is nil.
type Metrics struct {
	AP         *float64 `json:"pixel_ap"`
	PRO        *float64 `json:"pro"`
	AUROC      *float64 `json:"pixel_auroc"`
	ImageAUROC *float64 `json:"image_auroc"`
	Distance   *float64 `json:"distance_ap"` // pixel AP of the distance score on the same pictures

	DistancePRO   *float64 `json:"distance_pro,omitempty"` // its other measures
	DistanceAUROC *float64 `json:"distance_auroc,omitempty"`
	DistanceImage *float64 `json:"distance_image_auroc,omitempty"`

	Pictures  int     `json:"pictures"` // measured on, normal ones included
	Defective int     `json:"defective"`
	Latency   float64 `json:"latency_ms"` // a picture, median
	Granule   string  `json:"granule"`    // what the truth was drawn with: pixel, block or box

	// What it learnt from, for the figure of what labels buy.
	Learnt   string `json:"learnt,omitempty"` // finest labels: pixel, block or box; empty: none
	Labelled int    `json:"labelled"`         // defective pictures whose labels it learnt from
}

// JobState is where a job stands.
type JobState string

const (
	Queued   JobState = "queued"
	Running  JobState = "running"
	Done     JobState = "done"
	Failed   JobState = "failed"
	Canceled JobState = "canceled"
)

// Ended says whether the job will not go on.
func (s JobState) Ended() bool { return s == Done || s == Failed || s == Canceled }

// Job is a training run of a project.
type Job struct {
	ID       ID        `json:"id"`
	Project  ID        `json:"project"`
	State    JobState  `json:"state"`
	Request  Request   `json:"request"`
	Progress Progress  `json:"progress"`
	Error    string    `json:"error,omitempty"`
	Author   string    `json:"author"`
	Created  time.Time `json:"created"`
	Started  time.Time `json:"started,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	Model    ID        `json:"model,omitempty"` // what it made
	Ahead    int       `json:"ahead"`           // jobs before it in the queue
}

// Request is what a person asks of a training run.
type Request struct {
	Supervision string `json:"supervision"`     // none, un, sup or semi
	Preset      string `json:"preset"`          // lite, fast or paper
	Steps       int    `json:"steps,omitempty"` // 0: the preset's
	Size        int    `json:"size,omitempty"`  // longer side of the detector's input, pixels; 0: the default
	Seed        uint64 `json:"seed"`
	Name        string `json:"name,omitempty"` // of the model
	Deploy      bool   `json:"deploy"`         // swap it in when it is ready
}

// Stage is a part of a training job, as a page tells of it.
type Stage string

// The stages, in their order. Which of them a job has, its request decides.
const (
	StageProfile    Stage = "profile"    // which features suit the pictures
	StageFeatures   Stage = "features"   // of the normal pictures
	StageCoreset    Stage = "coreset"    // the memory bank
	StageThreshold  Stage = "threshold"  // on held-out normal pictures
	StagePictures   Stage = "pictures"   // with simulated defects, and the labelled ones
	StageStart      Stage = "start"      // a first training on simulated defects alone
	StageTraining   Stage = "training"   // the classifier's steps
	StageChoosing   Stage = "choosing"   // the best of its weights
	StageEvaluating Stage = "evaluating" // on the project's held-out pictures
	StageSaving     Stage = "saving"     // the model's file and row
)

// Stages are all of them, in their order.
var Stages = []Stage{StageProfile, StageFeatures, StageCoreset, StageThreshold, StagePictures, StageStart,
	StageTraining, StageChoosing, StageEvaluating, StageSaving}

// Progress is how far a job is.
type Progress struct {
	Stage Stage    `json:"stage"` // empty: not begun
	Step  int      `json:"step"`
	Total int      `json:"total"`
	Loss  float64  `json:"loss"`
	Left  float64  `json:"seconds_left"` // negative: unknown
	AP    *float64 `json:"held_out_ap"`  // of simulated defects, nil: not measured yet
}

// User is a person with an account.
type User struct {
	ID      ID        `json:"id"`
	Name    string    `json:"name"`
	Hash    string    `json:"-"` // argon2id, PHC string
	Admin   bool      `json:"admin"`
	Created time.Time `json:"created"`
	Blocked bool      `json:"blocked"`
}

// Level is what a person may do in a project; each includes those before it.
type Level int

const (
	Nobody   Level = iota
	Viewer         // looks
	Labeller       // labels, adds pictures
	Admin          // trains, deploys, deletes, gives rights
)

// Right is one person's level in one project.
type Right struct {
	User    ID    `json:"user"`
	Project ID    `json:"project"`
	Level   Level `json:"level"`
}

// Token lets a script act for a person. The secret is shown once; its hash is kept.
type Token struct {
	ID      ID        `json:"id"`
	User    ID        `json:"user"`
	Name    string    `json:"name"`
	Hash    string    `json:"-"` // hex SHA-256 of the secret
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
	Used    time.Time `json:"used,omitzero"`
}

// Session is a person signed in.
type Session struct {
	Hash    string // hex SHA-256 of the cookie's value
	User    ID
	Created time.Time
	Expires time.Time
}

// Event is one line of the audit log.
type Event struct {
	Time    time.Time `json:"time"`
	User    string    `json:"user"` // name; "local" without accounts
	Project ID        `json:"project,omitempty"`
	Action  string    `json:"action"` // verb: label, train, deploy, delete, sign-in ...
	Object  string    `json:"object,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

// Errors that say why something was refused; test with errors.Is.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already")
	ErrInvalid  = errors.New("not valid")
	ErrFull     = errors.New("no space left")
	ErrBusy     = errors.New("too much waits already")
)

// ConflictError says that labels were saved on another revision than the current
// one, which it carries whole, so that nothing is lost.
type ConflictError struct{ Current Revision }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("project: the labels of picture %s were changed to revision %d by %s meanwhile",
		e.Current.Picture, e.Current.Revision, e.Current.Author)
}

// String returns the level's name.
func (l Level) String() string {
	return [...]string{"nobody", "viewer", "labeller", "admin"}[min(max(l, Nobody), Admin)]
}

// ParseLevel reads a level's name.
func ParseLevel(s string) (Level, error) {
	for l := Viewer; l <= Admin; l++ {
		if l.String() == s {
			return l, nil
		}
	}
	return Nobody, fmt.Errorf("project: no role is called %q: use viewer, labeller or admin", s)
}

// MarshalText and UnmarshalText write a level by its name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

func (l *Level) UnmarshalText(b []byte) (err error) {
	*l, err = ParseLevel(string(b))
	return err
}
