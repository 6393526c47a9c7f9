package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"semirest/server/project"
)

// manifest is project.json. It holds no ids: models and jobs are referred to by
// their place in their list, from 1; 0 is none.
type manifest struct {
	Format   string          `json:"format"`
	Version  int             `json:"version"`
	Name     string          `json:"name"`
	Created  time.Time       `json:"created"`
	Settings json.RawMessage `json:"settings,omitempty"`
	Deployed int             `json:"deployed,omitempty"`
	Previous int             `json:"previous,omitempty"`
	Pictures []picture       `json:"pictures"`
	Models   []model         `json:"models"`
	Jobs     []job           `json:"jobs"`
}

type picture struct {
	Name      string       `json:"name"`
	Path      string       `json:"path,omitempty"`
	SHA256    string       `json:"sha256"`
	Bytes     int64        `json:"bytes"`
	Width     int          `json:"width"`
	Height    int          `json:"height"`
	Role      project.Role `json:"role,omitempty"`
	Kind      string       `json:"kind,omitempty"`
	Held      bool         `json:"held,omitempty"`
	Truth     string       `json:"truth,omitempty"`
	Added     time.Time    `json:"added"`
	Revisions []revision   `json:"revisions,omitempty"` // from 1
}

// revision is what is known of a revision beside its labels. The times worked
// are within the labels.
type revision struct {
	SaveID string    `json:"save_id"`
	Author string    `json:"author"`
	Time   time.Time `json:"time"`
	SHA256 string    `json:"sha256"` // of labels/PICTURE/REVISION
}

type model struct {
	Name        string           `json:"name"`
	SHA256      string           `json:"sha256"`
	Bytes       int64            `json:"bytes"`
	Supervision string           `json:"supervision"`
	Created     time.Time        `json:"created"`
	Job         int              `json:"job,omitempty"`
	Metrics     *project.Metrics `json:"metrics,omitempty"`
	LabelMillis int64            `json:"label_millis"`
	Threshold   float64          `json:"threshold"`
	Note        string           `json:"note,omitempty"`
}

type job struct {
	State    project.JobState `json:"state"`
	Request  project.Request  `json:"request"`
	Progress project.Progress `json:"progress"`
	Error    string           `json:"error,omitempty"`
	Author   string           `json:"author"`
	Created  time.Time        `json:"created"`
	Started  time.Time        `json:"started,omitzero"`
	Ended    time.Time        `json:"ended,omitzero"`
	Model    int              `json:"model,omitempty"`
}

// describe is the manifest of a snapshot, but for its revisions.
func describe(x project.Snapshot) manifest {
	at := make(map[project.ID]int) // none is 0, as is what was deleted
	for i, v := range x.Models {
		at[v.ID] = i + 1
	}
	for i, v := range x.Jobs {
		at[v.ID] = i + 1
	}
	m := manifest{
		Format: format, Version: version,
		Name: x.Project.Name, Created: x.Project.Created, Settings: x.Project.Settings,
		Deployed: at[x.Project.Deployed], Previous: at[x.Project.Previous],
		Pictures: make([]picture, len(x.Pictures)), Models: make([]model, len(x.Models)), Jobs: make([]job, len(x.Jobs)),
	}
	for i, p := range x.Pictures {
		m.Pictures[i] = picture{
			Name: p.Name, Path: p.Path, SHA256: p.SHA256, Bytes: p.Bytes, Width: p.Width, Height: p.Height,
			Role: p.Role, Kind: p.Kind, Held: p.Held, Truth: p.Truth, Added: p.Added,
		}
	}
	for i, v := range x.Models {
		m.Models[i] = model{
			Name: v.Name, SHA256: v.SHA256, Bytes: v.Bytes, Supervision: v.Supervision, Created: v.Created,
			Job: at[v.Job], Metrics: v.Metrics, LabelMillis: v.LabelMillis, Threshold: v.Threshold, Note: v.Note,
		}
	}
	for i, j := range x.Jobs {
		m.Jobs[i] = job{
			State: j.State, Request: j.Request, Progress: j.Progress, Error: j.Error, Author: j.Author,
			Created: j.Created, Started: j.Started, Ended: j.Ended, Model: at[j.Model],
		}
	}
	return m
}

// snapshot is describe backwards, with ids made of places.
func (m *manifest) snapshot() project.Snapshot {
	x := project.Snapshot{
		Project: project.Project{
			Name: m.Name, Created: m.Created, Settings: m.Settings,
			Deployed: modelID(m.Deployed), Previous: modelID(m.Previous),
		},
		Pictures: make([]project.Picture, len(m.Pictures)),
		Models:   make([]project.Model, len(m.Models)),
		Jobs:     make([]project.Job, len(m.Jobs)),
	}
	for i, p := range m.Pictures {
		x.Pictures[i] = project.Picture{
			ID: pictureID(i + 1), Name: p.Name, Path: p.Path, SHA256: p.SHA256, Bytes: p.Bytes, Width: p.Width, Height: p.Height,
			Role: p.Role, Kind: p.Kind, Held: p.Held, Truth: p.Truth, Added: p.Added,
		}
	}
	for i, v := range m.Models {
		x.Models[i] = project.Model{
			ID: modelID(i + 1), Name: v.Name, SHA256: v.SHA256, Bytes: v.Bytes, Supervision: v.Supervision,
			Created: v.Created, Job: jobID(v.Job), Metrics: v.Metrics, LabelMillis: v.LabelMillis,
			Threshold: v.Threshold, Note: v.Note,
		}
	}
	for i, j := range m.Jobs {
		x.Jobs[i] = project.Job{
			ID: jobID(i + 1), State: j.State, Request: j.Request, Progress: j.Progress, Error: j.Error,
			Author: j.Author, Created: j.Created, Started: j.Started, Ended: j.Ended, Model: modelID(j.Model),
		}
	}
	return x
}

func pictureID(n int) project.ID { return place("picture", n) }
func modelID(n int) project.ID   { return place("model", n) }
func jobID(n int) project.ID     { return place("job", n) }

func place(what string, n int) project.ID {
	if n == 0 {
		return ""
	}
	return project.ID(fmt.Sprintf("%s %d", what, n))
}

func (m *manifest) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(m)
	return b.Bytes(), err
}

func decodeManifest(b []byte) (*manifest, error) {
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, listName, err)
	}
	switch {
	case head.Format != format || head.Version < 1:
		return nil, fmt.Errorf("%w: %s is not one of a project", ErrFormat, listName)
	case head.Version > version:
		return nil, fmt.Errorf("%w (version %d)", ErrVersion, head.Version)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	m := new(manifest)
	err := d.Decode(m)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more follows its end")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, listName, err)
	}
	return m, nil
}
