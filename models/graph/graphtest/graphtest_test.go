package graphtest

import (
	"slices"
	"strings"
	"testing"

	"semirest/models/onnx"
)

// TestFixture holds the table against the fixture: no case without values, no
// values without a case; and every case builds. Running them is the business of
// server/ort's tests.
func TestFixture(t *testing.T) {
	ref := Fixture(t)
	var names []string
	for _, c := range Cases {
		names = append(names, c.Name)
		in, grads := c.inputs(ref)
		if len(in) == 0 {
			t.Errorf("%s has no inputs in the fixture", c.Name)
			continue
		}
		m, err := onnx.Unmarshal(c.model(t, in, grads, ref, false))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, n := range m.Graph.Nodes {
			if strings.HasPrefix(n.Op, "Scatter") || n.Domain != "" {
				t.Errorf("%s uses %s of domain %q", c.Name, n.Op, n.Domain)
			}
		}
		if c.Batch {
			c.model(t, in, nil, ref, true)
		}
	}
	for name := range ref {
		name, _, _ = strings.Cut(name, "/")
		if name != "adamw" && !slices.Contains(names, name) {
			t.Errorf("the fixture's %s is in no case", name)
		}
	}
}
