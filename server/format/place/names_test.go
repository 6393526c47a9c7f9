package place

import (
	"io/fs"
	"strings"
	"testing"
)

func TestFileNames(t *testing.T) {
	for name, want := range map[string]string{
		"a.png": "a.png", "../../etc/passwd": "_._.._etc_passwd", `C:\x\a.png`: "C__x_a.png", "": "_", ".": "_", "..": "_",
		".hidden": "_hidden", "con.png": "_con.png", "COM1": "_COM1", "a.": "a", " a ": "a", "a\x00b\nc": "a_b_c", "Teil ä 部.png": "Teil ä 部.png",
		"a\xffb": "a_b", "<script>.png": "_script_.png", strings.Repeat("ä", 150) + ".png": strings.Repeat("ä", 98) + ".png",
		strings.Repeat("x", 300): strings.Repeat("x", 200),
	} {
		got := FileName(name)
		if got != want || !fs.ValidPath(got) || len(got) > maxName || FileName(got) != got {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
	n := Names{}
	for _, c := range [][2]string{{"a.png", "a.png"}, {"A.jpg", "A~2.jpg"}, {"a.png", "a~3.png"}, {"b.png", "b.png"}} {
		if got := n.Take("x", c[0]); got != c[1] {
			t.Errorf("%s became %s", c[0], got)
		}
	}
	if n.Take("y", "a.png") != "a.png" {
		t.Error("another folder has other names")
	}
}
