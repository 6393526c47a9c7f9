package dataset

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree makes files (content: their own name) below a temporary folder.
func tree(t *testing.T, files ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, f := range files {
		path := filepath.Join(root, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func names(items []Item) string {
	var s []string
	for _, i := range items {
		s = append(s, i.Name+":"+i.Kind)
	}
	return strings.Join(s, " ")
}

func TestOpenMVTec(t *testing.T) {
	root := tree(t,
		"train/good/b.png", "train/good/a.JPG", "train/good/Thumbs.db", "train/good/.hidden.png", "train/other/x.png",
		"test/good/g.png", "test/crack/c1.png", "test/crack/c2.jpg", "test/blob/d.png", "test/empty/readme.txt", "test/stray.png",
		"ground_truth/crack/c1_mask.png", "ground_truth/blob/d.png")
	s, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(s.Train), "train/good/a.JPG:good train/good/b.png:good"; got != want {
		t.Errorf("train %q, want %q", got, want)
	}
	if got, want := names(s.Test), "test/good/g.png:good test/blob/d.png:blob test/crack/c1.png:crack test/crack/c2.jpg:crack"; got != want {
		t.Errorf("test %q, want %q", got, want)
	}
	if got, want := strings.Join(s.Kinds, " "), "blob crack"; got != want {
		t.Errorf("kinds %q, want %q", got, want)
	}
	masks := map[string]string{}
	for _, i := range s.Test {
		masks[i.Name] = i.Mask
	}
	if got, want := masks["test/crack/c1.png"], filepath.Join(root, "ground_truth/crack/c1_mask.png"); got != want {
		t.Errorf("mask %q, want %q", got, want)
	}
	if got, want := masks["test/blob/d.png"], filepath.Join(root, "ground_truth/blob/d.png"); got != want {
		t.Errorf("mask without suffix %q, want %q", got, want)
	}
	if got := masks["test/crack/c2.jpg"]; got != "" {
		t.Errorf("mask %q where there is none", got)
	}
}

func TestOpenPlainFolder(t *testing.T) {
	s, err := Open(tree(t, "b.png", "a.jpeg", "notes.txt", "sub/c.png"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(s.Train), "a.jpeg:good b.png:good"; got != want || len(s.Test) != 0 {
		t.Errorf("train %q, want %q; %d test images", got, want, len(s.Test))
	}
}

// gray is a PNG file of one grey level.
func gray(level uint8) string {
	m := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range m.Pix {
		m.Pix[i] = level
	}
	var b bytes.Buffer
	_ = png.Encode(&b, m)
	return b.String()
}

// Masks beside pictures of a plain folder are no pictures, and a picture whose mask
// marks something is not learnt as normal.
func TestMasksBesidePictures(t *testing.T) {
	root := tree(t, "1.png", "1_GT.png", "2.png", "2_mask.PNG", "3.png", "4_mask.png", "5.png", "5-label.png", "sub/c.png", "d.heic", "e.txt")
	for name, level := range map[string]uint8{"1_GT.png": 0, "2_mask.PNG": 255, "5-label.png": 1} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(gray(level)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(s.Train), "1.png:good 3.png:good 4_mask.png:good"; got != want {
		t.Errorf("train %q, want %q", got, want)
	}
	if got, want := names(s.Test), "2.png:defect 5.png:defect"; got != want || s.Test[0].Mask == "" || len(s.Kinds) != 1 {
		t.Errorf("test %q, want %q", got, want)
	}
	notes := strings.Join(s.Notes, "\n")
	for _, want := range []string{"3 pictures have a mask beside them", "2 of them are defective", "sub/", "d.heic", "e.txt"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes %q, want %q", notes, want)
		}
	}
}

// People call their folders in many ways, and everything that is passed over is told
// of.
func TestOpenByAnyName(t *testing.T) {
	s, err := Open(tree(t, "Train/Good/a.PNG", "Train/Good/b.jfif", "Train/Good/c.gif", "TEST/OK/d.png", "TEST/Crack/e.png", "TEST/ko/f.jpg", "TEST/ko/deep/g.png",
		"Ground_Truth/crack/E_mask.PNG", "Ground_Truth/ko/f.jpg", "Ground_Truth/ko/h_mask.png", "train/../Train/odd/x.png"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(s.Train), "Train/Good/a.PNG:good Train/Good/b.jfif:good"; got != want {
		t.Errorf("train %q, want %q", got, want)
	}
	if got, want := names(s.Test), "TEST/OK/d.png:good TEST/Crack/e.png:Crack TEST/ko/f.jpg:ko"; got != want {
		t.Errorf("test %q, want %q", got, want)
	}
	for i, want := range []string{"", "E_mask.PNG", "f.jpg"} {
		if i < len(s.Test) && filepath.Base("/"+s.Test[i].Mask) != filepath.Base("/"+want) {
			t.Errorf("mask of %s: %q", s.Test[i].Name, s.Test[i].Mask)
		}
	}
	notes := strings.Join(s.Notes, "\n")
	for _, want := range []string{"Train/Good/c.gif", "TEST/ko/deep/", "h_mask.png", "Train/odd"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes %q, want %q", notes, want)
		}
	}
	// Normal and defective pictures in folders side by side.
	s, err = Open(tree(t, "OK/a.png", "NG/b.png", "masks/ng/b.png"))
	if err != nil || names(s.Train) != "OK/a.png:good" || names(s.Test) != "NG/b.png:NG" || s.Test[0].Mask == "" {
		t.Errorf("%+v %v", s, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(tree(t, "a.png"), "a.png")
	cases := []struct{ name, dir, says string }{
		{"nothing there", filepath.Join(t.TempDir(), "gone"), "gone"},
		{"a file", file, "is a file"},
		{"an empty folder", t.TempDir(), "no images"},
		{"no pictures", tree(t, "readme.txt"), "expected either images"},
		{"empty train and test", tree(t, "train/good/x.txt", "test/a/y.txt"), "expected train/good"},
	}
	for _, c := range cases {
		if _, err := Open(c.dir); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one that says %q", c.name, err, c.says)
		}
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrNoImages) {
		t.Errorf("error %v is no ErrNoImages", err)
	}
}

func TestFingerprint(t *testing.T) {
	root := tree(t, "a.png", "b.png")
	s, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	first, err := Fingerprint(s.Train)
	if err != nil {
		t.Fatal(err)
	}
	same, _ := Open(tree(t, "a.png", "b.png"))
	if again, _ := Fingerprint(same.Train); again != first {
		t.Error("the same bytes in another folder have another fingerprint")
	}
	if err := os.WriteFile(filepath.Join(root, "b.png"), []byte("b.pnG"), 0o644); err != nil {
		t.Fatal(err)
	}
	if changed, _ := Fingerprint(s.Train); changed == first {
		t.Error("a changed file leaves the fingerprint as it was")
	}
	if part, _ := Fingerprint(s.Train[:1]); part == first {
		t.Error("fewer files leave the fingerprint as it was")
	}
}
