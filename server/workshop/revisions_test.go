package workshop

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"semirest/server/account"
	"semirest/server/project"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// labelledBefore is a copy of a folder that the version before left behind, in which people labelled for a while;
// testdata/README.md says what is in it.
func labelledBefore(t *testing.T) string {
	t.Helper()
	z, err := zip.OpenReader("testdata/labelled.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	dir := t.TempDir()
	if err := os.CopyFS(dir, z); err != nil {
		t.Fatal(err)
	}
	return dir
}

// opened opens the folder and returns its one project.
func opened(t *testing.T, dir string) (*Shop, project.Project) {
	t.Helper()
	w, _, _ := open(t, dir)
	all, err := w.Store.Projects(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("%d projects: %v", len(all), err)
	}
	return w, all[0]
}

// described is what the lists say of a picture, in a line.
func described(p project.Picture) string {
	s := fmt.Sprintf("%s %q %s %dx%d", p.Name, p.Role, p.Kind, p.Width, p.Height)
	if p.Held {
		s += " held"
	}
	if p.Truth != "" {
		s += " truth"
	}
	if l := p.Labels; l != nil {
		s += fmt.Sprintf(" revision %d of %s: normal %v, %d boxes, %d polygons, %d pixels, %d blocks, %v", l.Revision, l.Author, l.Normal, l.Boxes, l.Polygons, l.Pixels, l.Blocks, l.Millis)
	}
	return s
}

var picturesBefore = []string{
	`good 1.png "normal"  64x64 revision 1 of local: normal true, 0 boxes, 0 polygons, 0 pixels, 0 blocks, map[]`,
	`good 2.png "normal"  64x64`,
	`good 3.png "normal"  64x64`,
	`good 4.png "normal"  64x64 held`,
	`scratch.png "defective" scratch 64x64 truth revision 3 of local: normal false, 1 boxes, 1 polygons, 102 pixels, 3 blocks, map[box:4200 polygon:9000]`,
	`dent.png "defective" dent 64x64 held truth`,
	`unseen.png ""  64x64`,
}

// TestAFolderOfTheVersionBeforeIsReadAsItWas holds all that the folder of the version before holds to what was put in.
func TestAFolderOfTheVersionBeforeIsReadAsItWas(t *testing.T) {
	w, p := opened(t, labelledBefore(t))
	defer closed(t, w)
	if p.Name != "Brushed plates" || string(p.Settings) != `{"kinds":["scratch","dent"]}` || p.Deployed != "" {
		t.Errorf("project %+v with settings %s", p, p.Settings)
	}
	var list []string
	for _, x := range w.pictures(t, p.ID) {
		list = append(list, described(x))
		for _, sha := range []string{x.SHA256, x.Truth} {
			if sha != "" && w.sum(t, sha) != sha {
				t.Errorf("a file of %s is not what it was", x.Name)
			}
		}
	}
	if !slices.Equal(list, picturesBefore) {
		t.Errorf("pictures:\n%s\nwant:\n%s", strings.Join(list, "\n"), strings.Join(picturesBefore, "\n"))
	}
	jobs, err := w.Store.Jobs(t.Context(), p.ID)
	if err != nil || len(jobs) != 2 || jobs[0].State != project.Canceled || jobs[0].Request.Name != "second" ||
		jobs[1].State != project.Done || jobs[1].Progress.Stage != project.StageSaving || jobs[1].Request.Preset != "lite" {
		t.Errorf("jobs %+v: %v", jobs, err)
	}
	gate, err := account.New(w.Store, account.Options{Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	if u, _, _, err := gate.SignIn(t.Context(), "anna", "workshop of yesterday", "127.0.0.1", ""); err != nil || !u.Admin {
		t.Errorf("anna is %+v: %v", u, err)
	}
}

// sum reads a stored file.
func (w *Shop) sum(t *testing.T, sha string) string {
	t.Helper()
	r, err := w.Store.OpenBlob(t.Context(), sha)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// TestLabelsOfTheVersionBeforeGoOn reads every revision as it was drawn, adds one, and finds all of them after another
// opening.
func TestLabelsOfTheVersionBeforeGoOn(t *testing.T) {
	dir := labelledBefore(t)
	w, p := opened(t, dir)
	scratch := w.pictures(t, p.ID)[4]
	for n, want := range []string{"1 shapes, 0 pixels, 0 layers", "2 shapes, 0 pixels, 0 layers", "2 shapes, 102 pixels, 1 layers"} {
		l := w.revision(t, scratch.ID, uint64(n+1))
		if got := fmt.Sprintf("%d shapes, %d pixels, %d layers", len(l.Shapes), l.Mask.Count(), len(l.Layers)); got != want {
			t.Errorf("revision %d: %s, want %s", n+1, got, want)
		}
		b := l.Shapes[0].Box
		b.Angle = math.Round(b.Angle*1e4) / 1e4 // it is stored in steps
		if b != (block.Box{X: 32, Y: 32, HalfW: 20, HalfH: 12, Angle: 0.3}) || l.Shapes[0].Name != "scratch" || l.Spent[annot.ToolBox] != 4200 {
			t.Errorf("revision %d: %+v of kind %q", n+1, b, l.Shapes[0].Name)
		}
	}
	e := annot.Edit(w.revision(t, scratch.ID, 3))
	if _, err := e.AddBox(block.Box{X: 10, Y: 50, HalfW: 4, HalfH: 4}, "dent"); err != nil {
		t.Fatal(err)
	}
	next := project.Revision{Picture: scratch.ID, Base: 2, SaveID: "next", Data: e.Labels().Append(nil), State: project.State{Author: "anna"}}
	_, err := w.Store.SaveLabels(t.Context(), next)
	if conflict, ok := errors.AsType[*project.ConflictError](err); !ok || conflict.Current.Revision != 3 {
		t.Errorf("a save on revision 2: %v", err)
	}
	next.Base = 3
	if r, err := w.Store.SaveLabels(t.Context(), next); err != nil || r.Revision != 4 || r.Boxes != 2 {
		t.Errorf("%+v %v", r, err)
	}
	closed(t, w)
	w, _ = opened(t, dir)
	defer closed(t, w)
	h, err := w.Store.History(t.Context(), scratch.ID)
	if err != nil || len(h) != 4 || h[0].Author != "anna" || h[3].Author != "local" || h[3].Boxes != 1 {
		t.Errorf("history %+v: %v", h, err)
	}
	if got, err := w.Store.LabelsAt(t.Context(), scratch.ID, 4); err != nil || !bytes.Equal(got.Data, next.Data) {
		t.Errorf("revision 4 is not what was saved: %v", err)
	}
}

// revision is a revision of a picture's labels.
func (w *Shop) revision(t *testing.T, picture project.ID, n uint64) *annot.Labels {
	t.Helper()
	r, err := w.Store.LabelsAt(t.Context(), picture, n)
	if err != nil {
		t.Fatal(err)
	}
	l, err := annot.Parse(r.Data)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestAFolderOfTheVersionBeforeIsExported writes its project in every format, and makes another of the whole.
func TestAFolderOfTheVersionBeforeIsExported(t *testing.T) {
	dir := labelledBefore(t)
	w, p := opened(t, dir)
	defer closed(t, w)
	for _, f := range w.Formats() {
		data := w.exported(t, p.ID, f.Name)
		if z, err := zip.NewReader(data, data.Size()); err != nil || len(z.File) == 0 {
			t.Errorf("%s: an empty zip (%v)", f.Name, err)
		}
	}
	data := w.exported(t, p.ID, project.WholeFormat)
	q, err := w.Restore(t.Context(), data, data.Size(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	w.same(t, p.ID, q.ID)
	if entries, err := os.ReadDir(filepath.Join(dir, "incoming")); err != nil || len(entries) != 0 {
		t.Errorf("what was brought in lies about: %v %v", entries, err)
	}
}
