package train

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// With fewer than ten normal pictures none is held out: probes are drawn on pictures
// that fed the bank, with parts of others that fed it. Rows of neither picture may be
// found (METHOD section 3), or the probe would look normal.
func TestProbesDoNotFindTheirSources(t *testing.T) {
	library(t)
	cfg := config(t, Un)
	cfg.HeldOut, cfg.MaxSim = 10, 2
	p, err := Prepare(context.Background(), cfg, cloth{normal: 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := p.Detector()
	if len(m.HeldOut) != 0 {
		t.Fatalf("%v are held out", m.HeldOut)
	}
	moved := 0
	for _, probe := range p.run.held.probes {
		name := strings.TrimSuffix(probe.Name, ")")
		own, rest, ok := strings.Cut(name, " (probe")
		if !ok {
			t.Fatalf("a probe is called %q", probe.Name)
		}
		sources := []string{own}
		if other, ok := strings.CutPrefix(rest, " with a part of "); ok {
			sources = append(sources, other)
			moved++
		}
		for _, row := range probe.looks[0].near {
			if found := m.Images[m.Banks[0].Image[row]]; slices.Contains(sources, found) {
				t.Fatalf("%s found a row of %s", probe.Name, found)
			}
		}
	}
	if moved == 0 || moved == len(p.run.held.probes) {
		t.Errorf("%d of %d probes hold a part of another picture", moved, len(p.run.held.probes))
	}
}
