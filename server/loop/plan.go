package loop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"semirest/server/evaluation"
	"semirest/server/project"
	"semirest/shared/durable"
)

// plan is what a job learns from and is measured on. Each picture holds the revision
// of its labels.
type plan struct {
	Version   int               `json:"version"`
	Normal    []project.Picture `json:"normal"`
	Defective []project.Picture `json:"defective"` // labelled; empty without supervision
	Measured  []project.Picture `json:"measured"`
	Note      string            `json:"note"`
}

const (
	planVersion = 1
	planFile    = "plan.json"
)

// plan reads the job's plan, or makes it at the job's first start.
func (l *Loop) plan(ctx context.Context, j project.Job) (*plan, error) {
	path := filepath.Join(l.folder(j.ID), planFile)
	text, err := os.ReadFile(path)
	if err == nil {
		p := new(plan)
		if err := json.Unmarshal(text, p); err != nil {
			return nil, fmt.Errorf("loop: %s: %w", path, err)
		}
		if p.Version != planVersion {
			return nil, fmt.Errorf("loop: the job was planned by another version of this program: submit it again")
		}
		return p, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("loop: %w", err)
	}
	p, err := l.draw(ctx, j)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("loop: %w", err)
	}
	err = durable.Replace(path, func(w io.Writer) error { return json.NewEncoder(w).Encode(p) })
	if err != nil {
		return nil, fmt.Errorf("loop: %w", err)
	}
	return p, nil
}

// draw plans a job on the pictures as they are now. Pictures that Hold keeps are
// marked so in the store, so that later jobs are measured on the same.
func (l *Loop) draw(ctx context.Context, j project.Job) (*plan, error) {
	cases, err := l.cases(ctx, j.Project)
	if err != nil {
		return nil, err
	}
	held, why := Hold(cases)
	for _, id := range held {
		if _, err := l.store.UpdatePicture(ctx, id, func(p *project.Picture) error { p.Held = true; return nil }); err != nil {
			return nil, fmt.Errorf("loop: keep a picture from training: %w", err)
		}
	}
	p := &plan{Version: planVersion, Note: why}
	for _, c := range cases {
		if slices.Contains(held, c.Picture.ID) {
			c.Picture.Held = true
		}
		switch v := c.Verdict(); {
		case v == evaluation.Normal && !c.Picture.Held:
			p.Normal = append(p.Normal, c.Picture)
		case measured(c):
			p.Measured = append(p.Measured, c.Picture)
		case v == evaluation.Defective && !c.Picture.Held && teaches(c) && supervised(j.Request.Supervision):
			p.Defective = append(p.Defective, c.Picture)
		}
	}
	return p, nil
}

// measured reports whether models are measured on a picture: its anomalous pixels are
// known, and it is kept from training, or nothing can be learnt from it.
func measured(c evaluation.Case) bool {
	return c.Located() && (c.Picture.Held || c.Verdict() == evaluation.Defective && !teaches(c))
}

func supervised(s string) bool { return s == "sup" || s == "semi" }

// cases are all pictures of a project with their labels.
func (l *Loop) cases(ctx context.Context, of project.ID) ([]evaluation.Case, error) {
	pictures, err := l.store.Pictures(ctx, of)
	if err != nil {
		return nil, err
	}
	return evaluation.Read(ctx, l.store, pictures)
}

// fingerprint names the pictures and labels that the plan learns from.
func (p *plan) fingerprint() string {
	sum := sha256.New()
	for _, part := range [][]project.Picture{p.Normal, p.Defective} {
		for _, x := range part {
			revision := uint64(0)
			if x.Labels != nil {
				revision = x.Labels.Revision
			}
			fmt.Fprintf(sum, "%s %s %d\n", x.ID, x.SHA256, revision)
		}
		fmt.Fprintln(sum)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}
