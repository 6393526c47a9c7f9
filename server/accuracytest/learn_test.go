package accuracytest

import (
	"path/filepath"
	"testing"
)

// TestUnIsAtLeastTheDistance trains the default, unsupervised detector in a short
// version (smaller pictures, a third of the steps) and compares it with the distance
// score on the same features: better where simulated defects resemble real ones, and
// nowhere worse by more than the insurance allows.
func TestUnIsAtLeastTheDistance(t *testing.T) {
	for _, tc := range []struct {
		set     string
		profile string  // of un: its distance is that of the same feature, not of views
		gain    float64 // of pixel AP, at least
	}{
		{"mvtec_bottle", "fine", 0.005}, // measured: 0.011
		{"cookie", "flat", -0.01},
	} {
		t.Run(tc.set, func(t *testing.T) {
			dir, out := data(t, tc.set), t.TempDir()
			common := []string{"--data", dir, "--size", "384", "--seed", "0"}
			var distance, un figures
			for _, r := range []struct {
				name string
				got  *figures
				args []string
			}{
				{"none", &distance, []string{"--supervision", "none", "--profile", tc.profile}},
				{"un", &un, []string{"--supervision", "un", "--steps", "200", "--simulated", "160", "--held-out-simulated", "20"}},
			} {
				model := filepath.Join(out, r.name+".safetensors")
				took := run(t, nil, append(append([]string{"train", "--out", model}, common...), r.args...)...)
				run(t, r.got, "eval", "--model", model, "--data", dir, "--json")
				t.Logf("%s, %s: trained in %.0f s, AP %.4f, PRO %.4f, pixel AUROC %.4f", tc.set, r.name,
					took.Seconds(), r.got.PixelAP, r.got.PRO, r.got.PixelAUROC)
			}
			if un.PixelAP < distance.PixelAP+tc.gain {
				t.Errorf("un reaches AP %.4f, the distance %.4f: want a gain of at least %g", un.PixelAP, distance.PixelAP, tc.gain)
			}
		})
	}
}
