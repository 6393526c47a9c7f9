package train

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"semirest/shared/durable"
)

// entry is a line of the log: a step, or a look at the held-out pictures.
type entry struct {
	Phase int `json:"phase"`
	*Point
	Held *Held `json:"held_out,omitempty"`
}

// step is the step that the line belongs to.
func (e entry) step() int {
	if e.Held != nil {
		return e.Held.Step
	}
	if e.Point != nil {
		return e.Point.Step
	}
	return 0
}

// journal keeps the run's course in memory for the plot and, where there is a
// folder, appends it to the log file.
type journal struct {
	dir     string
	file    *os.File
	entries []entry
}

// openJournal opens a folder's log. Lines beyond (phase, step), which a run that was
// killed wrote after its last checkpoint, are taken out: they will come again.
func openJournal(dir string, phase, step int) (*journal, error) {
	j := &journal{dir: dir}
	if dir == "" {
		return j, nil
	}
	path := filepath.Join(dir, LogFile)
	var err error
	if j.entries, err = readLog(path); err != nil {
		return nil, err
	}
	kept := j.entries[:0]
	for _, e := range j.entries {
		if e.Phase < phase || e.Phase == phase && e.step() <= step {
			kept = append(kept, e)
		}
	}
	j.entries = kept
	err = durable.Replace(path, func(w io.Writer) error {
		b := bufio.NewWriter(w)
		for _, e := range j.entries {
			if err := json.NewEncoder(b).Encode(e); err != nil {
				return err
			}
		}
		return b.Flush()
	})
	if err == nil {
		j.file, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("train: log: %w", err)
	}
	return j, nil
}

// readLog reads the lines that are whole; a killed run may have torn the last one.
func readLog(path string) ([]entry, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("train: log: %w", err)
	}
	defer f.Close()
	var out []entry
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var e entry
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			out = append(out, e)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("train: log: %w", err)
	}
	return out, nil
}

func (j *journal) add(e entry) error {
	j.entries = append(j.entries, e)
	if j.file == nil {
		return nil
	}
	if err := json.NewEncoder(j.file).Encode(e); err != nil {
		return fmt.Errorf("train: log: %w", err)
	}
	return nil
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
