package client

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

func board() *Board {
	var b Board
	for i, r := range []Result{
		{Name: "part 10.png", State: Scored, Score: 0.5, Width: 8, Height: 6},
		{Name: "part 9.png", State: Scored, Score: 1.5, Detector: "d", Model: "m", HotX: 4.5, HotY: 2},
		{Name: "Part 1.png", State: Waiting},
		{Name: "broken.png", State: Failed, Reason: "The file is empty."},
		{Name: "part 09.png", State: Scored, Score: 1.5, Lossy: true},
	} {
		r.ID = uint32(i + 1)
		r.Threshold = 1 + float32(i/4) // the last one was scored by another detector
		b.Put(r)
	}
	return &b
}

// A picture of something else is called so in the table, beside what else there is to say.
func TestNoteOfAnotherPicture(t *testing.T) {
	for _, c := range []struct {
		r    Result
		want string
	}{
		{Result{State: Scored, Unlike: 0.9}, ""},
		{Result{State: Scored, Unlike: 1.2}, "not like the pictures that this detector learnt from"},
		{Result{State: Scored, Unlike: 1.2, Reason: "of 12 bits"}, "not like the pictures that this detector learnt from; of 12 bits"},
		{Result{State: Failed, Unlike: 1.2, Reason: "empty"}, "empty"},
	} {
		if got := c.r.Note(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.r, got, c.want)
		}
	}
}

func TestOrders(t *testing.T) {
	b := board()
	for _, c := range []struct {
		by   Order
		want []uint32
	}{
		{ByScore, []uint32{2, 5, 1, 3, 4}},
		{ByName, []uint32{4, 3, 5, 2, 1}},
		{AsAdded, []uint32{1, 2, 3, 4, 5}},
	} {
		if got := b.Order(c.by); !slices.Equal(got, c.want) {
			t.Errorf("order %d: %v, want %v", c.by, got, c.want)
		}
	}
	b.Remove(5)
	b.Put(Result{ID: 1, Name: "part 10.png", State: Scored, Score: 9})
	if got := b.Order(ByScore); !slices.Equal(got, []uint32{1, 2, 3, 4}) {
		t.Errorf("after a removal and a new score: %v", got)
	}
}

func TestCSVHoldsEveryPicture(t *testing.T) {
	text := string(board().CSV(ByScore))
	if !strings.HasPrefix(text, "\ufeff") {
		t.Error("no byte order mark")
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 6 {
		t.Fatalf("%d rows", len(rows))
	}
	want := [][]string{
		{"part 9.png", "defect", "1.5000", "1.00", "d", "m", "0", "0", "4.5", "2.0", "0.0", "exact", ""},
		{"part 09.png", "normal", "1.5000", "2.00"},
		{"part 10.png", "normal"},
		{"Part 1.png", "unfinished", "", "1.00"},
		{"broken.png", "error"},
	}
	for i, w := range want {
		if !slices.Equal(rows[i+1][:len(w)], w) {
			t.Errorf("row %d: %q", i+1, rows[i+1])
		}
	}
	if rows[2][11] != "jpeg" || rows[5][12] != "The file is empty." {
		t.Errorf("marks of lossy crops and errors are missing: %q %q", rows[2], rows[5])
	}
}

// Names of files come from anywhere: none may run as a formula when the file
// is opened in a spreadsheet.
func TestCSVDefusesFormulas(t *testing.T) {
	for _, name := range []string{
		`=HYPERLINK("http://x","y")`, "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1",
		`plain "quoted", with; separators`, "two\nlines",
	} {
		var b Board
		b.Put(Result{ID: 1, Name: name, State: Failed, Reason: name})
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(b.CSV(AsAdded)), "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[1]) != 13 {
			t.Fatalf("%q: %v %q", name, err, rows)
		}
		for _, cell := range []string{rows[1][0], rows[1][12]} {
			if strings.ContainsAny(cell[:1], "=+-@\t\r\n") || !strings.HasSuffix(cell, strings.ReplaceAll(name, "\r\n", "\n")[1:]) {
				t.Errorf("cell of %q is %q", name, cell)
			}
			if strings.HasPrefix(cell, "＝") || strings.HasPrefix(cell, "＠") {
				t.Errorf("cell of %q is %q", name, cell)
			}
		}
	}
}
