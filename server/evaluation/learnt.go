package evaluation

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"semirest/server/detect"
	"semirest/server/project"
)

// LearntFrom are those of the pictures that a detector has learnt from: that fed its
// bank, or whose labels its classifier was trained on. It knows them by name.
func LearntFrom(s detect.Spec, pictures []project.Picture) []project.ID {
	names := s.Images
	if s.Classifier != nil {
		names = slices.Concat(names, s.Classifier.Moved)
	}
	known := make(map[string]bool, len(names))
	for _, n := range names {
		known[n] = true
	}
	var ids []project.ID
	for _, p := range pictures {
		if known[p.Name] {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// Remember writes down which pictures a model has learnt from, so that renaming one
// changes nothing. Where it cannot be written down, names are all that is left.
func (j *Judge) Remember(sha string, ids []project.ID) {
	if text, err := json.Marshal(ids); err == nil {
		_ = Keep(filepath.Join(j.folder(sha), learntFile), text)
	}
}

const learntFile = "learnt.json"

// Learnt returns which of the pictures a stored model has learnt from: as remembered,
// else, in a project that was brought in from elsewhere, by their names.
func (j *Judge) Learnt(ctx context.Context, sha string, pictures []project.Picture) (map[project.ID]bool, error) {
	var ids []project.ID
	text, err := os.ReadFile(filepath.Join(j.folder(sha), learntFile))
	if err != nil || json.Unmarshal(text, &ids) != nil {
		s, err := j.Spec(ctx, sha)
		if err != nil {
			return nil, err
		}
		ids = LearntFrom(s, pictures)
		j.Remember(sha, ids)
	}
	out := make(map[project.ID]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, nil
}
