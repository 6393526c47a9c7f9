package codecs

import (
	"strings"
	"testing"

	"semirest/server/format"
)

// TestYOLOTasks: eight numbers may be a rotated box or a polygon. The person who chooses a
// format says it, else data.yaml or the settings of a training, else the other lines of
// the file; where all leave it open, what was made of them is told.
func TestYOLOTasks(t *testing.T) {
	const (
		square  = "0 0.2 0.4 0.3 0.4 0.3 0.6 0.2 0.6\n"
		skewed  = "0 0.2 0.4 0.3 0.4 0.4 0.6 0.2 0.6\n"
		polygon = "0 0.1 0.1 0.5 0.1 0.5 0.5\n"
		box     = "x box 8 12 4 6"
		four    = "x polygon 8 12 12 12 12 18 8 18"
		three   = "x polygon 4 3 20 3 20 15"
	)
	for _, c := range []struct{ name, format, yaml, args, lines, want, warning string }{
		{"nobody says", "yolo", "", "", square, box, "may be rotated boxes or polygons"},
		{"nobody says, no rectangle", "yolo", "", "", skewed, "x polygon 8 12 12 12 16 18 8 18", "may be rotated boxes or polygons"},
		{"a longer line says", "yolo", "", "", square + polygon, four + "; " + three, ""},
		{"a comment is no line", "yolo", "", "", "# 1 2 3 4 5 6 7 8 9 10 11\n" + square, box, "may be rotated boxes or polygons"},
		{"data.yaml says boxes", "yolo", "task: obb\n", "", square, box, ""},
		{"data.yaml says polygons", "yolo", "task: segment\n", "", square, four, ""},
		{"a training's settings say it", "yolo", "", "task: segment\nlr0: 0.01\n", square, four, ""},
		{"two files at odds", "yolo", "task: obb\n", "task: segment\n", square, box, "may be rotated boxes or polygons"},
		{"a task of another kind", "yolo", "task: pose\n", "", square, box, "may be rotated boxes or polygons"},
		{"a task that is no word", "yolo", "task: {a: 1}\n", "", square, box, "may be rotated boxes or polygons"},
		{"the person says boxes", "yolo-obb", "task: segment\n", "", square + polygon, box + "; " + three, ""},
		{"the person says polygons", "yolo-seg", "task: obb\n", "", square, four, ""},
		{"a rotated box with its score", "yolo-obb", "", "", strings.TrimSpace(square) + " 0.91\n", box, "a score"},
		{"an upright box among polygons", "yolo-seg", "", "", polygon + "0 0.25 0.5 0.1 0.2\n", three + "; " + box, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"images/a.png": string(canvas(40, 30)), "labels/a.txt": c.lines, "data.yaml": "names: [x]\n" + c.yaml}
			if c.args != "" {
				files["args.yaml"] = c.args
			}
			got, warnings, err := collect(c.format, zipped(files), format.Options{})
			if err != nil || len(got) != 1 || shapesOf(got[0].Labels) != c.want {
				t.Fatalf("%v %s, want %s", err, shapesOf(got[0].Labels), c.want)
			}
			told := ""
			for _, w := range warnings {
				told += w.String() + "\n"
			}
			if (told != "") != (c.warning != "") || !strings.Contains(told, c.warning) {
				t.Errorf("warnings %q, want %q", told, c.warning)
			}
		})
	}
}

// TestYOLOComesBackUnnamed: what was written as one kind of YOLO is read as that kind by
// somebody who only says YOLO.
func TestYOLOComesBackUnnamed(t *testing.T) {
	for _, name := range []string{"yolo", "yolo-obb", "yolo-seg"} {
		b, _ := written(t, name, items(11, 6))
		want, _ := brought(t, name, b, nil)
		got, _ := brought(t, "yolo", b, nil)
		for i := range want {
			if g, w := shapesOf(got[i].Labels), shapesOf(want[i].Labels); g != w {
				t.Errorf("%s, %s:\n%s\n%s", name, want[i].Name, g, w)
			}
		}
	}
}
