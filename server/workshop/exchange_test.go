package workshop

import (
	"archive/zip"
	"bytes"
	"errors"
	"slices"
	"testing"

	"semirest/server/loop/looptest"
	"semirest/server/project"
)

// labelled makes a project with drawn pictures, of which the defective ones are labelled.
func (w *Shop) labelled(t *testing.T, normal, defective int, granule string) project.ID {
	t.Helper()
	shelf := looptest.Shelf{Store: w.Store}
	p := shelf.Brushed(t, normal, defective)
	person := looptest.Person{Shelf: shelf}
	for _, x := range p.Defective {
		person.Label(t, x, p.Masks[x.ID], granule)
	}
	return p.ID
}

// exported is a project in a format.
func (w *Shop) exported(t *testing.T, p project.ID, format string) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	if err := w.Export(t.Context(), p, format, &b); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return bytes.NewReader(b.Bytes())
}

func (w *Shop) pictures(t *testing.T, p project.ID) []project.Picture {
	t.Helper()
	list, err := w.Store.Pictures(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestExportedLabelsComeBackIdentical exports as COCO and as CSV, brings both back into the same project, where nothing
// may change, and into an empty one, which must get the same bytes.
func TestExportedLabelsComeBackIdentical(t *testing.T) {
	w, _, _ := open(t, t.TempDir())
	defer closed(t, w)
	for _, granule := range []string{"box", "block", "pixel"} {
		p := w.labelled(t, 1, 3, granule)
		for _, format := range []string{"coco", "csv"} {
			data := w.exported(t, p, format)
			before := w.pictures(t, p)
			n, err := w.Import(t.Context(), p, format, data, data.Size(), "anna")
			if err != nil || n.Labels != 0 || n.Pictures != 0 || n.Unchanged < 3 || len(n.Skipped) != 0 {
				t.Errorf("%s, %s, back into the same project: %+v %v", granule, format, n, err)
			}
			for i, x := range w.pictures(t, p) {
				if (x.Labels == nil) != (before[i].Labels == nil) || x.Labels != nil && x.Labels.Revision != before[i].Labels.Revision {
					t.Errorf("%s, %s: the labels of %s became revision %+v", granule, format, x.Name, x.Labels)
				}
			}
			empty, err := w.Store.CreateProject(t.Context(), project.Project{Name: "empty"})
			if err != nil {
				t.Fatal(err)
			}
			if n, err := w.Import(t.Context(), empty.ID, format, data, data.Size(), "anna"); err != nil || n.Pictures != 4 || n.Labels < 3 || len(n.Skipped) != 0 {
				t.Fatalf("%s, %s, into an empty project: %+v %v", granule, format, n, err)
			}
			w.same(t, p, empty.ID)
		}
	}
}

// same holds two projects' pictures and labels against each other, byte for byte.
func (w *Shop) same(t *testing.T, a, b project.ID) {
	t.Helper()
	other := map[string]project.Picture{}
	for _, x := range w.pictures(t, b) {
		other[x.Name] = x
	}
	for _, x := range w.pictures(t, a) {
		y, ok := other[x.Name]
		if !ok || x.SHA256 != y.SHA256 || x.Width != y.Width || x.Role != y.Role {
			t.Errorf("picture %+v became %+v", x, y)
			continue
		}
		if x.Labels == nil {
			continue
		}
		one, err := w.Store.Labels(t.Context(), x.ID)
		if err != nil {
			t.Fatal(err)
		}
		two, err := w.Store.Labels(t.Context(), y.ID)
		if err != nil || !bytes.Equal(one.Data, two.Data) {
			t.Errorf("the labels of %s changed on the way (%v)", x.Name, err)
		}
	}
}

// TestAProjectComesBackWhole exports a whole project with a deployed model and makes another of it, whose model is
// shown, and whose export is the same file.
func TestAProjectComesBackWhole(t *testing.T) {
	w, pages, _ := open(t, t.TempDir())
	defer closed(t, w)
	p := w.labelled(t, 2, 2, "box")
	_, file := small(t, 1)
	if _, err := w.Models().Deploy(t.Context(), p, w.add(t, p, "m", file).ID); err != nil {
		t.Fatal(err)
	}
	data := w.exported(t, p, project.WholeFormat)
	q, err := w.Restore(t.Context(), data, data.Size(), "anna")
	if err != nil || q.ID == p {
		t.Fatalf("%+v %v", q, err)
	}
	w.same(t, p, q.ID)
	if d, ok := pages.detectors[q.ID]; !ok || d.Model.ID != q.Deployed {
		t.Errorf("of %+v %+v is shown", q, d.Model)
	}
	var one, two bytes.Buffer
	if err := errors.Join(w.Export(t.Context(), p, project.WholeFormat, &one), w.Export(t.Context(), q.ID, project.WholeFormat, &two)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Errorf("exported again it has %d bytes, not the same %d", two.Len(), one.Len())
	}
}

// TestEveryFormatIsOffered holds the list of formats to what the export takes.
func TestEveryFormatIsOffered(t *testing.T) {
	w, _, _ := open(t, t.TempDir())
	defer closed(t, w)
	p := w.labelled(t, 1, 1, "box")
	var names []string
	for _, f := range w.Formats() {
		names = append(names, f.Name)
		data := w.exported(t, p, f.Name)
		if z, err := zip.NewReader(data, data.Size()); err != nil || len(z.File) == 0 {
			t.Errorf("%s: an empty zip (%v)", f.Name, err)
		}
	}
	if want := []string{"mvtec", "mask", "coco", "yolo", "voc", "labelme", "csv", "project"}; !containsAll(names, want) {
		t.Errorf("%v are offered, want %v", names, want)
	}
}

func containsAll(have, want []string) bool {
	return !slices.ContainsFunc(want, func(s string) bool { return !slices.Contains(have, s) })
}
