package store

import (
	"bytes"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "gocloud.dev/blob/memblob"

	"semirest/server/project"
)

func names(pictures []project.Picture) []string {
	out := []string{}
	for _, p := range pictures {
		out = append(out, p.Name)
	}
	return out
}

func TestPictures(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	in := newProject(t, s, "bottles")
	file := strings.Repeat("pixels", 1000)
	p, err := s.AddPicture(ctx, project.Picture{
		Project: in.ID, Name: "a.png", Width: 64, Height: 48, Role: project.Defective, Kind: "crack", Held: true,
		Truth: "not by this way", SHA256: "nor this",
	}, strings.NewReader(file))
	is(t, "add", err, nil)
	if p.Bytes != 6000 || p.SHA256 != sum([]byte(file)) || p.Truth != "" || p.Labels != nil || p.Kind != "crack" || !p.Held {
		t.Errorf("added %+v", p)
	}
	if got, err := s.Picture(ctx, p.ID); err != nil || got != p {
		t.Errorf("found %+v, %v, want %+v", got, err, p)
	}
	r, err := s.OpenBlob(ctx, p.SHA256)
	is(t, "open", err, nil)
	_, err = r.Seek(5994, io.SeekStart)
	is(t, "seek", err, nil)
	if got, err := io.ReadAll(r); err != nil || string(got) != "pixels" {
		t.Errorf("read %q, %v", got, err)
	}
	r.Close()

	p, err = s.SetTruth(ctx, p.ID, strings.NewReader("mask"))
	is(t, "truth", err, nil)
	if p.Truth != sum([]byte("mask")) {
		t.Errorf("truth %q", p.Truth)
	}
	p, err = s.SetTruth(ctx, p.ID, nil)
	if err != nil || p.Truth != "" {
		t.Errorf("no truth: %q, %v", p.Truth, err)
	}
	p, err = s.UpdatePicture(ctx, p.ID, func(p *project.Picture) error {
		p.Name, p.Role, p.Kind, p.Held, p.Width = "b.png", project.Normal, "", false, 7
		return nil
	})
	if err != nil || p.Name != "b.png" || p.Role != project.Normal || p.Kind != "" || p.Held || p.Width != 64 {
		t.Errorf("changed to %+v, %v", p, err)
	}
	is(t, "delete", s.DeletePicture(ctx, p.ID), nil)
	is(t, "delete again", s.DeletePicture(ctx, p.ID), project.ErrNotFound)
	_, err = s.Picture(ctx, p.ID)
	is(t, "find", err, project.ErrNotFound)
	_, err = s.SetTruth(ctx, p.ID, strings.NewReader("mask"))
	is(t, "truth of none", err, project.ErrNotFound)
}

func TestPictureNames(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	in, other := newProject(t, s, "a"), newProject(t, s, "b")
	add := func(in project.ID, name, file string) (project.Picture, error) {
		return s.AddPicture(ctx, project.Picture{Project: in, Name: name, Width: 1, Height: 1}, strings.NewReader(file))
	}
	first, err := add(in.ID, "000.png", "one")
	is(t, "first", err, nil)
	long := strings.Repeat("ß", 125) + ".png" // 254 bytes
	for _, c := range []struct {
		in               project.ID
		name, file, want string
		err              error
	}{
		{in.ID, "000.png", "two", "000 (2).png", nil},
		{in.ID, "000.png", "three", "000 (3).png", nil},
		{in.ID, "000.png", "one", "000.png", project.ErrExists},
		{in.ID, "000.png", "three", "000 (3).png", project.ErrExists},
		{in.ID, "001.png", "one", "001.png", nil},
		{other.ID, "000.png", "one", "000.png", nil},
		{in.ID, "none", "1", "none", nil},
		{in.ID, "none", "2", "none (2)", nil},
		{in.ID, long, "1", long, nil},
		{in.ID, long, "2", strings.Repeat("ß", 123) + " (2).png", nil},
		{in.ID, "../a.png", "1", "", project.ErrInvalid},
		{in.ID, `..\a.png`, "1", "", project.ErrInvalid},
		{in.ID, "..", "1", "", project.ErrInvalid},
		{in.ID, "", "1", "", project.ErrInvalid},
		{in.ID, "a\x00.png", "1", "", project.ErrInvalid},
		{"none", "a.png", "1", "", project.ErrNotFound},
	} {
		p, err := add(c.in, c.name, c.file)
		is(t, c.name+" "+c.file, err, c.err)
		if p.Name != c.want {
			t.Errorf("%s of %q: called %q, want %q", c.name, c.file, p.Name, c.want)
		}
		if c.name == "000.png" && c.file == "one" && c.in == in.ID && p.ID != first.ID {
			t.Errorf("the picture that exists is %+v", p)
		}
	}
	_, err = s.UpdatePicture(ctx, first.ID, func(p *project.Picture) error { p.Name = "001.png"; return nil })
	is(t, "a taken name", err, project.ErrExists)
	for _, size := range [][2]int{{0, 1}, {1, 0}, {-1, 1}, {1 << 15, 1}} {
		_, err := s.AddPicture(ctx, project.Picture{Project: in.ID, Name: "s.png", Width: size[0], Height: size[1]}, strings.NewReader(""))
		is(t, "size", err, project.ErrInvalid)
	}
	_, err = s.UpdatePicture(ctx, first.ID, func(p *project.Picture) error { p.Role = "odd"; return nil })
	is(t, "role", err, project.ErrInvalid)
}

func TestFilter(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	in := newProject(t, s, "a")
	newPicture(t, s, newProject(t, s, "other").ID, "x")
	for _, n := range []string{"d", "c", "b", "a"} {
		newPicture(t, s, in.ID, n)
	}
	all, err := s.Pictures(ctx, in.ID)
	is(t, "list", err, nil)
	_, err = s.UpdatePicture(ctx, all[1].ID, func(p *project.Picture) error { p.Role, p.Held = project.Normal, true; return nil })
	is(t, "update", err, nil)
	save(t, s, all[2].ID, 0, boxes(3))
	save(t, s, all[2].ID, 1, boxes(2))
	normal, unsaid, yes, no := project.Normal, project.Unsaid, true, false
	for _, c := range []struct {
		what string
		f    project.PictureFilter
		want []string
	}{
		{"all", project.PictureFilter{}, []string{"d", "c", "b", "a"}},
		{"normal", project.PictureFilter{Role: &normal}, []string{"c"}},
		{"unsaid", project.PictureFilter{Role: &unsaid}, []string{"d", "b", "a"}},
		{"held", project.PictureFilter{Held: &yes}, []string{"c"}},
		{"not held", project.PictureFilter{Held: &no}, []string{"d", "b", "a"}},
		{"labelled", project.PictureFilter{Labelled: &yes}, []string{"b"}},
		{"not labelled", project.PictureFilter{Labelled: &no}, []string{"d", "c", "a"}},
		{"both", project.PictureFilter{Labelled: &no, Held: &no}, []string{"d", "a"}},
		{"name", project.PictureFilter{Name: "a"}, []string{"a"}},
		{"page", project.PictureFilter{Offset: 1, Limit: 2}, []string{"c", "b"}},
		{"rest", project.PictureFilter{Offset: 3}, []string{"a"}},
		{"beyond", project.PictureFilter{Offset: 9}, []string{}},
		{"three conditions", project.PictureFilter{Role: &unsaid, Labelled: &no, Limit: 1}, []string{"d"}},
	} {
		got, err := s.FindPictures(ctx, in.ID, c.f)
		if err != nil || !slices.Equal(names(got), c.want) {
			t.Errorf("%s: got %q, %v, want %q", c.what, names(got), err, c.want)
		}
		for _, p := range got {
			if (p.Name == "b") != (p.Labels != nil) || p.Name == "b" && (p.Labels.Revision != 2 || p.Labels.Boxes != 2 || p.Labels.Author != "anna") {
				t.Errorf("%s: labels of %s are %+v", c.what, p.Name, p.Labels)
			}
		}
	}
	if n, err := s.CountPictures(ctx, in.ID); err != nil || n != (project.Counts{Pictures: 4, Normal: 1, Labelled: 1, Held: 1}) {
		t.Errorf("counts %+v, %v", n, err)
	}
	if n, err := s.CountPictures(ctx, "nowhere"); err != nil || n != (project.Counts{}) {
		t.Errorf("counts of no project %+v, %v", n, err)
	}
}

// The same of every kind of bucket.
func TestBlobs(t *testing.T) {
	for _, files := range []string{filepath.Join(folder(t), "files"), "mem://"} {
		t.Run(files[:3], func(t *testing.T) {
			s, err := Open(t.Context(), filepath.Join(folder(t), "x.db"), files)
			is(t, "open", err, nil)
			testBlobs(t, s)
			is(t, "close", s.Close(), nil)
		})
	}
}

func testBlobs(t *testing.T, s *Store) {
	ctx := t.Context()
	for _, n := range []int{0, 1, inMemory - 1, inMemory, inMemory + 1, 3*inMemory + 5} {
		data := bytes.Repeat([]byte{byte(n), 2, 3, 5, 7}, n/5+1)[:n]
		sha, size, err := s.PutBlob(ctx, bytes.NewReader(data))
		if err != nil || size != int64(n) || sha != sum(data) {
			t.Fatalf("%d bytes: %s, %d, %v", n, sha, size, err)
		}
		r, err := s.OpenBlob(ctx, sha)
		is(t, "open", err, nil)
		got, err := io.ReadAll(r)
		r.Close()
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %d came back (%v)", n, len(got), err)
		}
	}
	for _, sha := range []string{"", "../../etc/passwd", strings.Repeat("A", 64), strings.Repeat("a", 64), strings.Repeat("a", 63) + "/"} {
		_, err := s.OpenBlob(ctx, sha)
		is(t, "open "+sha, err, project.ErrNotFound)
		is(t, "save "+sha, s.SaveBlob(ctx, sha, folder(t)+"/x"), project.ErrNotFound)
	}
	_, _, err := s.PutBlob(ctx, io.MultiReader(bytes.NewReader(make([]byte, inMemory+1)), failing{}))
	is(t, "a reader that fails", err, io.ErrUnexpectedEOF)

	move := clock(s, time.Now())
	for _, want := range []int{0, 6} {
		if n, _, err := s.Sweep(ctx); err != nil || n != want {
			t.Errorf("swept %d, %v, want %d", n, err, want)
		}
		move(Retention)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
