package wire

// Progress tells how far a piece of work has come that the page waits for, for
// instance the fitting of the demo's detector.
type Progress struct {
	Request     uint32 // what it belongs to; 0 when unasked
	Ended       bool
	SecondsLeft float32 // negative: unknown
	Done, Total uint64  // Total 0: unknown
	What        string  // for people
}

// Type implements Message.
func (Progress) Type() Type { return TypeProgress }

// Append implements Message.
func (m Progress) Append(b []byte) []byte {
	b = putF32(putBool(header(b, TypeProgress, m.Request), m.Ended), m.SecondsLeft)
	return putStr(put64(put64(b, m.Done), m.Total), m.What)
}

func readProgress(r *reader, request uint32) Message {
	return Progress{Request: request, Ended: r.bool(), SecondsLeft: r.f32(), Done: r.u64(), Total: r.u64(), What: r.str()}
}

// Phase is a part of a training job.
type Phase uint8

const (
	PhaseFeatures Phase = 1 // pictures to features
	PhaseBank     Phase = 2 // the memory bank
	PhaseSimulate Phase = 3 // simulated defects
	PhaseLearn    Phase = 4 // the classifier's steps
	PhaseEvaluate Phase = 5 // on held-out pictures
	PhaseSave     Phase = 6 // the model file
)

// Training tells of a running training job, unasked, to those who watch its
// project. State is sent whole: a lost one does no harm.
type Training struct {
	Job         uint64
	Phase       Phase
	Step, Total uint32  // within the phase; Total 0: unknown
	Loss        float32 // NaN where the phase has none
	SecondsLeft float32 // of the whole job; negative: unknown
	HeldOutAP   float32 // pixel AP on held-out pictures; NaN where none yet
	Sample      string  // picture whose map is in Map; "" for none
	Map         Grid    // calibrated block scores of Sample; no values for none
}

// Type implements Message.
func (Training) Type() Type { return TypeTraining }

// Append implements Message.
func (m Training) Append(b []byte) []byte {
	b = append(put64(header(b, TypeTraining, 0), m.Job), byte(m.Phase))
	b = put32(put32(b, m.Step), m.Total)
	b = putF32(putF32(putF32(b, m.Loss), m.SecondsLeft), m.HeldOutAP)
	sample := len(m.Map.Values) > 0
	b = putBool(b, sample)
	if sample {
		b = m.Map.append(putStr(b, m.Sample))
	}
	return b
}

func readTraining(r *reader) Message {
	m := Training{Job: r.u64(), Phase: Phase(r.u8()), Step: r.u32(), Total: r.u32(),
		Loss: r.f32(), SecondsLeft: r.f32(), HeldOutAP: r.f32()}
	if r.bool() {
		m.Sample, m.Map = r.str(), r.grid()
	}
	return m
}

// JobKind says what a job does.
type JobKind uint8

const (
	JobFit   JobKind = 1 // a detector without supervision, distance only
	JobTrain JobKind = 2 // a classifier
)

// JobState is where a job stands.
type JobState uint8

const (
	JobQueued    JobState = 1
	JobRunning   JobState = 2
	JobDone      JobState = 3
	JobFailed    JobState = 4 // Text says why
	JobCancelled JobState = 5
)

// Ended says whether the job's state is final.
func (s JobState) Ended() bool { return s >= JobDone }

// Job tells that a job's state changed.
type Job struct {
	Request uint32 // 0 when unasked
	Job     uint64
	Kind    JobKind
	State   JobState
	Ahead   uint32 // jobs before it in the queue
	Project string
	Model   string // id of the model it made, once done
	Text    string // for people
}

// Type implements Message.
func (Job) Type() Type { return TypeJob }

// Append implements Message.
func (m Job) Append(b []byte) []byte {
	b = append(put64(header(b, TypeJob, m.Request), m.Job), byte(m.Kind), byte(m.State))
	return putStr(putStr(putStr(put32(b, m.Ahead), m.Project), m.Model), m.Text)
}

func readJob(r *reader, request uint32) Message {
	return Job{Request: request, Job: r.u64(), Kind: JobKind(r.u8()), State: JobState(r.u8()), Ahead: r.u32(),
		Project: r.str(), Model: r.str(), Text: r.str()}
}

// Subject says what changed in a project.
type Subject uint8

const (
	SubjectLabels   Subject = 1
	SubjectPictures Subject = 2
	SubjectModels   Subject = 3
	SubjectProject  Subject = 4
)

// Changed tells those who watch a project that somebody changed it: fetch
// again what is shown.
type Changed struct {
	Revision uint64
	Subject  Subject
	Project  string
	Picture  string // "" where it concerns no single picture
	Author   string
}

// Type implements Message.
func (Changed) Type() Type { return TypeChanged }

// Append implements Message.
func (m Changed) Append(b []byte) []byte {
	b = append(put64(header(b, TypeChanged, 0), m.Revision), byte(m.Subject))
	return putStr(putStr(putStr(b, m.Project), m.Picture), m.Author)
}

func readChanged(r *reader) Message {
	return Changed{Revision: r.u64(), Subject: Subject(r.u8()), Project: r.str(), Picture: r.str(), Author: r.str()}
}
