package client

import (
	"slices"
	"strconv"
	"strings"
)

// Result is one picture's row on the page and in the CSV file.
type Result struct {
	ID            uint32
	Name          string
	State         State
	Score         float32 // 1 is the detector's threshold
	Threshold     float32 // from which score on it counts as defective
	Detector      string
	Model         string
	Width, Height int
	HotX, HotY    float64 // middle of the hottest block, upright pixels
	Millis        float64 // from the start of the preparation to the last answer
	Lossy         bool    // crops travelled as JPEG
	Unlike        float32 // see block.Scores
	Reason        string  // why it failed
}

// Note is what is to be said beside the result: why there is none, or that it says
// little, since the picture is of something that the detector did not learn.
func (r Result) Note() string {
	if r.State != Scored || r.Unlike < 1 {
		return r.Reason
	}
	note := "not like the pictures that this detector learnt from"
	if r.Reason != "" {
		note += "; " + r.Reason
	}
	return note
}

// Order is how pictures are listed.
type Order uint8

// The orders of a Board.
const (
	ByScore Order = iota // the highest first, then those without a score yet, then the failed
	ByName               // numbers in names by their value
	AsAdded
)

// Board holds the results of all pictures of a page.
type Board struct {
	rows []Result // as added
}

// Put adds a result or replaces the one with the same id.
func (b *Board) Put(r Result) {
	if i := b.index(r.ID); i >= 0 {
		b.rows[i] = r
		return
	}
	b.rows = append(b.rows, r)
}

// Remove takes a result off.
func (b *Board) Remove(id uint32) {
	if i := b.index(id); i >= 0 {
		b.rows = slices.Delete(b.rows, i, i+1)
	}
}

func (b *Board) index(id uint32) int {
	return slices.IndexFunc(b.rows, func(r Result) bool { return r.ID == id })
}

// Order returns the ids in an order. Equal ones stay as they were added.
func (b *Board) Order(by Order) []uint32 {
	at := make([]int, len(b.rows)) // places are sorted, not results: less to move, less code
	for i := range at {
		at[i] = i
	}
	slices.SortFunc(at, func(i, j int) int {
		d := 0
		switch by {
		case ByScore:
			d = compareScores(&b.rows[i], &b.rows[j])
		case ByName:
			d = compareNames(b.rows[i].Name, b.rows[j].Name)
		}
		if d == 0 {
			d = i - j
		}
		return d
	})
	ids := make([]uint32, len(at))
	for i, k := range at {
		ids[i] = b.rows[k].ID
	}
	return ids
}

func compareScores(x, y *Result) int {
	if d := rank(x) - rank(y); d != 0 {
		return d
	}
	switch {
	case x.State != Scored || x.Score == y.Score:
		return 0
	case x.Score > y.Score:
		return -1
	}
	return 1
}

func rank(r *Result) int {
	switch r.State {
	case Scored:
		return 0
	case Failed:
		return 2
	}
	return 1
}

// compareNames orders names as people do: 'part 9' before 'part 10', capitals
// and small letters alike.
func compareNames(x, y string) int {
	a, b := x, y
	for len(a) > 0 && len(b) > 0 {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			va, vb := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
			if len(va) != len(vb) {
				return len(va) - len(vb)
			}
			if c := strings.Compare(va, vb); c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if d := int(lower(a[0])) - int(lower(b[0])); d != 0 {
			return d
		}
		a, b = a[1:], b[1:]
	}
	if d := len(a) - len(b); d != 0 {
		return d
	}
	return strings.Compare(x, y)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// CSV returns every result as an RFC 4180 file, in an order, with a verdict at
// the threshold of each. It begins with a byte order mark, by which spreadsheets know
// UTF-8. A cell that a spreadsheet would run as a formula gets a ' before it:
// a file's name is not the page's to trust.
func (b *Board) CSV(by Order) []byte {
	out := []byte("\ufeffpicture,verdict,score,threshold,detector,model,width,height,hottest_x,hottest_y,milliseconds,crops,note\r\n")
	for _, id := range b.Order(by) {
		r := b.rows[b.index(id)]
		var verdict string
		numbers := []string{"", "", "", "", "", "", ""}
		switch r.State {
		case Failed:
			verdict = "error"
		case Scored:
			verdict = "normal"
			if r.Score >= r.Threshold {
				verdict = "defect"
			}
			numbers = []string{decimal(float64(r.Score), 4), strconv.Itoa(r.Width), strconv.Itoa(r.Height),
				decimal(r.HotX, 1), decimal(r.HotY, 1), decimal(r.Millis, 1), "exact"}
			if r.Lossy {
				numbers[6] = "jpeg"
			}
		default:
			verdict = "unfinished"
		}
		for i, cell := range []string{r.Name, verdict, numbers[0], decimal(float64(r.Threshold), 2), r.Detector, r.Model,
			numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6], r.Note()} {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendCell(out, cell)
		}
		out = append(out, "\r\n"...)
	}
	return out
}

// appendCell writes one cell. What a spreadsheet takes for the start of a
// formula is defused: https://owasp.org/www-community/attacks/CSV_Injection
func appendCell(out []byte, cell string) []byte {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) ||
		strings.HasPrefix(cell, "＝") || strings.HasPrefix(cell, "＋") || strings.HasPrefix(cell, "－") || strings.HasPrefix(cell, "＠") {
		cell = "'" + cell
	}
	if !strings.ContainsAny(cell, "\",;\r\n\t'") {
		return append(out, cell...)
	}
	out = append(out, '"')
	out = append(out, strings.ReplaceAll(cell, `"`, `""`)...)
	return append(out, '"')
}

func decimal(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }
