package detect

import (
	"strings"
	"testing"
)

func TestDoubts(t *testing.T) {
	spec := func(bank, held, threshold int, method string) *Spec {
		return &Spec{Images: make([]string, bank), HeldOut: make([]string, held), Threshold: Threshold{Images: threshold, Method: method, FalseAlarmRate: 0.01}}
	}
	for _, c := range []struct {
		s    *Spec
		want []string // a text of each doubt
	}{
		{spec(188, 21, 21, LogNormal), nil},
		{spec(9, 0, 9, LogNormal), []string{"bank comes from 9 normal pictures; 20", "from 10 normal pictures on some are kept for it, from 100 on 10"}},
		{spec(27, 3, 3, LogNormal), []string{"comes from 3 held-out normal pictures; 10 would do, which takes about 100 normal"}},
		{spec(5, 5, 5, Empirical), []string{"bank comes from 5"}}, // of a rate so high that 5 show it
	} {
		got := c.s.Doubts()
		if len(got) != len(c.want) {
			t.Errorf("%d and %d: %q", len(c.s.Images), len(c.s.HeldOut), got)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i], c.want[i]) {
				t.Errorf("%q, want %q", got[i], c.want[i])
			}
		}
	}
}
