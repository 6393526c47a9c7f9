package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"semirest/models/weights"
	"semirest/server/ort"
)

// checkpoint is everything a run needs to go on. Its file is a safetensors file:
//
//	params, mean, square   F32 [n]   the optimiser's state, flat (see graph.Layout)
//	average                F32 [n]   where weights are averaged
//	best                   F32 [n]   the parameters that the held-out pictures liked best so far
//	teacher                F32 [n]   those that guess unknown blocks, under GuessStart
//
// and the rest as JSON under the metadata key "semirest.training".
type checkpoint struct {
	state
	Best    []float32
	Teacher []float32
	progress
}

// progress is a checkpoint's metadata.
type progress struct {
	Version  int     `json:"version"`
	Run      string  `json:"run"`   // what must be the same to go on: see run.identity
	Phase    int     `json:"phase"` // index into the run's phases
	Step     int     `json:"step"`  // steps of the phase that are done
	Random   []byte  `json:"random"`
	Scale    float64 `json:"scale"` // of residuals
	BestStep int     `json:"best_step"`
	Looks    []Held  `json:"looks"`   // at the held-out pictures, of this phase
	Seconds  float64 `json:"seconds"` // of the run until now, those of earlier starts included
}

const (
	checkpointVersion = 1
	checkpointKey     = "semirest.training"
)

// save writes the checkpoint whole or not at all.
func (c *checkpoint) save(dir string) error {
	c.Version, c.progress.Step, c.progress.Random = checkpointVersion, c.State.Step, c.state.Random
	text, err := json.Marshal(c.progress)
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	set := weights.NewSet()
	set.Metadata[checkpointKey] = string(text)
	for name, v := range map[string][]float32{
		"params": c.Params, "mean": c.Mean, "square": c.Square, "average": c.Average, "best": c.Best, "teacher": c.Teacher,
	} {
		if v != nil {
			set.Tensors[name] = weights.NewF32(v, len(v))
		}
	}
	if err := weights.Save(filepath.Join(dir, checkpointFile), set); err != nil {
		return fmt.Errorf("train: the checkpoint cannot be written, the last one is intact: %w", err)
	}
	return nil
}

// loadCheckpoint reads the checkpoint of a folder; nil where there is none.
func loadCheckpoint(dir string) (*checkpoint, error) {
	path := filepath.Join(dir, checkpointFile)
	set, err := weights.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("train: read the checkpoint: %w", err)
	}
	c := &checkpoint{}
	if err := json.Unmarshal([]byte(set.Metadata[checkpointKey]), &c.progress); err != nil {
		return nil, fmt.Errorf("train: %s is no checkpoint of a training run: %w", path, err)
	}
	if c.Version != checkpointVersion {
		return nil, fmt.Errorf("train: %s is a checkpoint of version %d, this program reads %d: train anew", path, c.Version, checkpointVersion)
	}
	var vectors [6][]float32
	for i, name := range []string{"params", "mean", "square", "average", "best", "teacher"} {
		if _, ok := set.Tensors[name]; !ok && i >= 3 {
			continue
		}
		if vectors[i], err = set.Floats(name, -1); err == nil && len(vectors[i]) != len(vectors[0]) {
			err = fmt.Errorf("%s has %d numbers, params %d", name, len(vectors[i]), len(vectors[0]))
		}
		if err != nil {
			return nil, fmt.Errorf("train: %s: %w", path, err)
		}
	}
	c.state = state{
		State:   ort.State{Params: vectors[0], Mean: vectors[1], Square: vectors[2], Step: c.progress.Step},
		Average: vectors[3], Random: c.progress.Random,
	}
	c.Best, c.Teacher = vectors[4], vectors[5]
	return c, nil
}
