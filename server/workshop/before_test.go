package workshop

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"semirest/models/nets"
	"semirest/models/weights"
	"semirest/server/loop/looptest"
	"semirest/server/picture"
	"semirest/server/project"
	"semirest/shared/annot"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// What is in testdata/be77aae; its README says where it is from.
const (
	beforeProject = project.ID("72bszyjn5m3atbuc")
	beforeModel   = "d63f8dfefe7570f0f7b4cada327df762107a142ef80f87ca64c49419cccc2b5d"
)

// folderOfBefore is a copy of the folder, with the model's file whole again.
func folderOfBefore(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "be77aae"))); err != nil {
		t.Fatal(err)
	}
	set, err := weights.Load(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := weights.Default()
	if err != nil {
		t.Fatal(err)
	}
	arch, err := nets.Lookup(nets.EfficientNetLite2)
	if err != nil {
		t.Fatal(err)
	}
	trunk, err := arch.Trunk(embedded) // more is embedded than the detector took
	if err != nil {
		t.Fatal(err)
	}
	for name, tensor := range trunk.Tensors {
		set.Tensors["backbone."+name] = tensor
	}
	if err := os.Mkdir(filepath.Join(dir, "files", beforeModel[:2]), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := weights.Save(filepath.Join(dir, "files", beforeModel[:2], beforeModel), set); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestAFolderOfTheVersionBefore opens one: its detector is shown and scores as it did, its labels are there and go on,
// and its job is remembered.
func TestAFolderOfTheVersionBefore(t *testing.T) {
	looptest.Library(t)
	ctx := t.Context()
	w, pages, _ := open(t, folderOfBefore(t))
	defer closed(t, w)
	d, ok := pages.detectors[beforeProject]
	if !ok || d.Project.Name != "Lids" || d.Model.Name != "first" || d.Model.Threshold != 1.25 || d.Model.SHA256 != beforeModel {
		t.Fatalf("shown: %+v of %+v", d.Model, d.Project)
	}
	list := w.pictures(t, beforeProject)
	if len(list) != 4 {
		t.Fatalf("%d pictures", len(list))
	}
	scratch := list[3]
	if scratch.Name != "scratch-3.png" || scratch.Role != project.Defective || scratch.Kind != "scratch" || scratch.Labels == nil || scratch.Labels.Boxes != 1 {
		t.Errorf("the last picture is %+v", scratch)
	}
	if got := w.highest(t, d, scratch); math.Abs(got-1.68039) > 1e-4 { // processors differ in the last digits
		t.Errorf("the scratch scores %v, scored 1.68039", got)
	}
	jobs, err := w.Loop.Jobs(ctx, beforeProject)
	if err != nil || len(jobs) != 1 || jobs[0].State != project.Done || jobs[0].Model != d.Model.ID {
		t.Errorf("jobs %+v %v", jobs, err)
	}

	r, err := w.Store.Labels(ctx, scratch.ID)
	if err != nil {
		t.Fatal(err)
	}
	l, err := annot.Parse(r.Data)
	if err != nil || len(l.Boxes()) != 1 || l.Shapes[0].Name != "scratch" {
		t.Errorf("labels %+v %v", l, err)
	}
	e := annot.New(scratch.Width, scratch.Height)
	if _, err := e.AddBox(block.Box{X: 32, Y: 30, HalfW: 9, HalfH: 9}, "dent"); err != nil {
		t.Fatal(err)
	}
	next, err := w.Store.SaveLabels(ctx, project.Revision{Picture: scratch.ID, Base: r.Revision, SaveID: "new", Data: e.Labels().Append(nil), State: project.State{Author: "anna"}})
	if err != nil || next.Revision != r.Revision+1 {
		t.Errorf("saved as %+v %v", next, err)
	}
	if _, err := w.Models().SetThreshold(ctx, d.Model.ID, 1); err != nil || pages.detectors[beforeProject].Model.Threshold != 1 {
		t.Errorf("another threshold: %v", err)
	}
	for _, ask := range []func() (any, error){
		func() (any, error) { return w.Advise(ctx, beforeProject) },
		func() (any, error) { return w.Next(ctx, beforeProject, 3) },
		func() (any, error) { return w.Evaluation(ctx, d.Model.ID) },
		func() (any, error) { return w.Report(ctx, beforeProject) },
	} {
		if _, err := ask(); err != nil {
			t.Error(err)
		}
	}
	whole := w.exported(t, beforeProject, project.WholeFormat)
	if q, err := w.Restore(ctx, whole, whole.Size(), "anna"); err != nil || pages.detectors[q.ID].Model.SHA256 != beforeModel {
		t.Errorf("restored as %+v %v", q, err)
	}
}

// highest is the largest calibrated score of a stored picture, as people see it.
func (w *Shop) highest(t *testing.T, d Detector, p project.Picture) float64 {
	t.Helper()
	f, err := w.Store.OpenBlob(t.Context(), p.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, f); err != nil {
		t.Fatal(err)
	}
	rgb, err := picture.Decode(b.Bytes(), prep.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	_, crops, err := d.Spec.Crops(rgb.Pix, rgb.Size)
	if err != nil || len(crops) != 1 {
		t.Fatalf("%d crops: %v", len(crops), err)
	}
	got, err := d.Scorer.Score(t.Context(), crops[0], make([]block.Cell, 1))
	if err != nil {
		t.Fatal(err)
	}
	got[0].Calibrate(d.Spec.Threshold.Value * d.Model.Threshold)
	v, _, _ := got[0].Max()
	return float64(v)
}
