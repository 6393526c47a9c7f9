package dataset

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	files := []string{"train/good/a.png", "train/good/b.png", "train/good/c.png", "test/good/d.png", "test/hole/a.png", "ground_truth/hole/a_mask.png"}
	split := func(text string) (*Set, int, error) {
		s, err := Open(tree(t, files...))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "split.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		left, err := s.Split(path)
		return s, left, err
	}
	names := func(items []Item) (out []string) {
		for _, i := range items {
			out = append(out, i.Name)
		}
		return out
	}
	s, left, err := split(`{"note": "by tile", "train_good": ["d.png", "a.png"], "test_good": ["c.png"]}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(s.Train); left != 1 || !slices.Equal(got, []string{"test/good/d.png", "train/good/a.png"}) {
		t.Errorf("train %v, %d left", got, left)
	}
	if got := names(s.Test); !slices.Equal(got, []string{"train/good/c.png", "test/hole/a.png"}) || s.Test[1].Mask == "" {
		t.Errorf("test %v", got)
	}
	for what, c := range map[string][2]string{
		"no JSON":           {"a.png", "train_good"},
		"another JSON":      {`{"train": ["a.png"]}`, "train_good"},
		"nothing to learn":  {`{"test_good": ["a.png"]}`, "names no image"},
		"an unknown image":  {`{"train_good": ["x.png"]}`, "x.png"},
		"an image twice":    {`{"train_good": ["a.png"], "test_good": ["a.png"]}`, "a.png is named twice"},
		"a defective image": {`{"train_good": ["../hole/a.png"]}`, "no normal image"},
	} {
		if _, _, err := split(c[0]); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v, want it to say %q", what, err, c[1])
		}
	}
	files = append(files, "test/good/a.png")
	if _, _, err := split(`{"train_good": ["a.png"]}`); err == nil || !strings.Contains(err.Error(), "both") {
		t.Errorf("two images of one name: %v", err)
	}
}
