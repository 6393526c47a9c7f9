package tables

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"semirest/server/dataset"
	"semirest/server/train"
)

// Rows of one name are one line of the table: means over the seeds, the standard deviation of AP, an undefined measure
// shown as such; the CSV holds every row.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	rows := []Row{
		{Supervision: "un", Name: "full", Seed: 0, Images: 9, AP: 0.5, PRO: 0.8, AUROC: 0.9, Image: math.NaN(), Seconds: 10},
		{Supervision: "un", Name: "full", Seed: 1, Images: 9, AP: 0.7, PRO: 0.9, AUROC: 0.9, Image: math.NaN(), Seconds: 20},
		{Supervision: "none", Name: "distance", Seed: 0, Images: 9, AP: 0.4},
	}
	if err := Write(dir, "semirest ablate --data d", rows); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	md := read("ablation.md")
	for _, want := range []string{"`semirest ablate --data d`", "| un | full | 9 | 60.00 | 14.14 | 85.00 | 90.00 | NaN | 0.00 | 15 | 2 |", "| none | distance | 9 | 40.00 | 0.00 |"} {
		if !strings.Contains(md, want) {
			t.Errorf("ablation.md lacks %q:\n%s", want, md)
		}
	}
	if lines := strings.Split(strings.TrimSpace(read("ablation.csv")), "\n"); len(lines) != 4 || !strings.HasPrefix(lines[2], "un,full,1,9,0.70000,") {
		t.Errorf("ablation.csv: %q", lines)
	}
	if png := read("ablation.png"); !strings.HasPrefix(png, "\x89PNG") {
		t.Error("ablation.png is no PNG")
	}
}

// A name that no row has is an error before anything is computed; what was made stays when a later row fails.
func TestRows(t *testing.T) {
	var begun []string
	a := Ablation{
		Set: new(dataset.Set), Begin: func(row string) { begun = append(begun, row) }, Report: func(train.Progress) {},
		Settings: func(train.Supervision, uint64) (train.Settings, error) { return train.Settings{}, context.Canceled },
	}
	if _, err := a.Rows(t.Context(), []uint64{0}, []string{"un/none such"}); err == nil || len(begun) > 0 {
		t.Errorf("%v, after %v", err, begun)
	}
	_, err := a.Rows(t.Context(), []uint64{3}, []string{"no Mix", "16-pixel"})
	if want := "un, 16-pixel blocks, seed 3"; err == nil || len(begun) != 1 || begun[0] != want {
		t.Errorf("%v, begun %q, want %q", err, begun, want)
	}
}
