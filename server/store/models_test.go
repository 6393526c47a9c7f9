package store

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"semirest/server/project"
)

func newModel(t *testing.T, s *Store, in project.ID, name string) project.Model {
	t.Helper()
	m, err := s.AddModel(t.Context(), project.Model{Project: in, Name: name, Supervision: "semi"}, strings.NewReader("weights of "+name))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestModels(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	in := newProject(t, s, "a")
	ap := 0.875
	m, err := s.AddModel(ctx, project.Model{
		Project: in.ID, Name: "first", Supervision: "semi", LabelMillis: 15000, Note: "a\nb",
		Metrics: &project.Metrics{AP: &ap, Pictures: 3, Granule: "box"},
	}, strings.NewReader("weights"))
	is(t, "add", err, nil)
	if m.SHA256 != sum([]byte("weights")) || m.Bytes != 7 || m.Threshold != 1 || m.Created.IsZero() {
		t.Errorf("added %+v", m)
	}
	second := newModel(t, s, in.ID, "second")
	all, err := s.Models(ctx, in.ID)
	is(t, "list", err, nil)
	if len(all) != 2 || all[0].ID != m.ID || all[1].ID != second.ID || *all[0].Metrics.AP != ap || all[0].Metrics.PRO != nil ||
		all[0].Metrics.Granule != "box" || all[1].Metrics != nil || all[0].Note != "a\nb" {
		t.Errorf("listed %+v", all)
	}
	m, err = s.UpdateModel(ctx, m.ID, func(m *project.Model) error {
		m.Threshold, m.Name, m.SHA256 = 1.25, "1st", "not by this way"
		return nil
	})
	is(t, "update", err, nil)
	if got, err := s.Model(ctx, m.ID); err != nil || got.Threshold != 1.25 || got.Name != "1st" || got.SHA256 != sum([]byte("weights")) {
		t.Errorf("got %+v, %v", got, err)
	}
	path := filepath.Join(folder(t), "m.safetensors")
	is(t, "save", s.SaveBlob(ctx, m.SHA256, path), nil)
	if got, err := os.ReadFile(path); err != nil || string(got) != "weights" {
		t.Errorf("file %q, %v", got, err)
	}
	nan := math.NaN()
	for what, change := range map[string]func(*project.Model){
		"negative threshold": func(m *project.Model) { m.Threshold = -1 },
		"endless threshold":  func(m *project.Model) { m.Threshold = math.Inf(1) },
		"nan threshold":      func(m *project.Model) { m.Threshold = nan },
		"nan metric":         func(m *project.Model) { m.Metrics = &project.Metrics{PRO: &nan} },
		"name":               func(m *project.Model) { m.Name = "" },
	} {
		_, err := s.UpdateModel(ctx, m.ID, func(m *project.Model) error { change(m); return nil })
		is(t, what, err, project.ErrInvalid)
	}
	_, err = s.AddModel(ctx, project.Model{Project: "none", Name: "a"}, strings.NewReader("x"))
	is(t, "no project", err, project.ErrNotFound)
	_, err = s.AddModel(ctx, project.Model{Project: in.ID, Name: "a", Job: "none"}, strings.NewReader("x"))
	is(t, "no job", err, project.ErrNotFound)
}

func TestDeploy(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	in := newProject(t, s, "a")
	a, b, c := newModel(t, s, in.ID, "a"), newModel(t, s, in.ID, "b"), newModel(t, s, in.ID, "c")
	foreign := newModel(t, s, newProject(t, s, "other").ID, "x")
	_, err := s.Rollback(ctx, in.ID)
	is(t, "nothing to go back to", err, project.ErrNotFound)
	for _, step := range []struct {
		what               string
		do                 func() (project.Project, error)
		deployed, previous project.ID
	}{
		{"deploy a", func() (project.Project, error) { return s.Deploy(ctx, in.ID, a.ID) }, a.ID, ""},
		{"deploy b", func() (project.Project, error) { return s.Deploy(ctx, in.ID, b.ID) }, b.ID, a.ID},
		{"deploy b again", func() (project.Project, error) { return s.Deploy(ctx, in.ID, b.ID) }, b.ID, a.ID},
		{"back", func() (project.Project, error) { return s.Rollback(ctx, in.ID) }, a.ID, b.ID},
		{"forth", func() (project.Project, error) { return s.Rollback(ctx, in.ID) }, b.ID, a.ID},
		{"deploy c", func() (project.Project, error) { return s.Deploy(ctx, in.ID, c.ID) }, c.ID, b.ID},
	} {
		p, err := step.do()
		is(t, step.what, err, nil)
		got, err := s.Project(ctx, in.ID)
		if err != nil || p.Deployed != step.deployed || got.Deployed != step.deployed || got.Previous != step.previous {
			t.Errorf("%s: %+v, %+v, %v", step.what, p, got, err)
		}
	}
	_, err = s.Deploy(ctx, in.ID, foreign.ID)
	is(t, "another project's model", err, project.ErrNotFound)
	_, err = s.Deploy(ctx, "none", a.ID)
	is(t, "no project", err, project.ErrNotFound)
	is(t, "delete the deployed", s.DeleteModel(ctx, c.ID), project.ErrInvalid)
	is(t, "delete the previous", s.DeleteModel(ctx, b.ID), nil)
	_, err = s.Rollback(ctx, in.ID)
	is(t, "the previous is gone", err, project.ErrNotFound)
	is(t, "delete again", s.DeleteModel(ctx, b.ID), project.ErrNotFound)
}

func TestAJobMakesOneModel(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	in := newProject(t, s, "a")
	j, err := s.CreateJob(ctx, project.Job{Project: in.ID, Author: "anna"})
	is(t, "queue", err, nil)
	var first project.Model
	for i, file := range []string{"weights", "weights of the second try"} {
		m, err := s.AddModel(ctx, project.Model{Project: in.ID, Name: "m", Job: j.ID}, strings.NewReader(file))
		is(t, "add", err, nil)
		if i == 0 {
			first = m
		}
		if m.ID != first.ID || m.SHA256 != sum([]byte("weights")) || m.Job != j.ID {
			t.Errorf("try %d made %+v", i, m)
		}
	}
	if j, err = s.Job(ctx, j.ID); err != nil || j.Model != first.ID {
		t.Errorf("job %+v, %v", j, err)
	}
	is(t, "delete", s.DeleteModel(ctx, first.ID), nil)
	if j, err = s.Job(ctx, j.ID); err != nil || j.Model != "" {
		t.Errorf("job %+v, %v", j, err)
	}
}
