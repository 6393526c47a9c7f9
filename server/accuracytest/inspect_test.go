package accuracytest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// command is the program, built by TestMain.
var command string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "semirest-")
	if err != nil {
		panic(err)
	}
	command = filepath.Join(dir, "semirest")
	if out, err := exec.Command("go", "build", "-o", command, "semirest/server").CombinedOutput(); err != nil {
		os.Stderr.Write(out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// data returns the folder of a set of images.
func data(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v: CI needs the inspection images", err)
		}
		t.Skipf("skipped: %v", err)
	}
	return dir
}

// run calls the program and decodes the JSON it prints.
func run(t *testing.T, into any, args ...string) time.Duration {
	t.Helper()
	var out, log bytes.Buffer
	cmd := exec.Command(command, args...)
	cmd.Stdout, cmd.Stderr = &out, &log
	start := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("semirest %v: %v\n%s", args, err, log.String())
	}
	took := time.Since(start)
	if into != nil {
		if err := json.Unmarshal(out.Bytes(), into); err != nil {
			t.Fatalf("semirest %v printed %q: %v", args, out.String(), err)
		}
	}
	return took
}

// figures are what eval prints.
type figures struct {
	PixelAP    float64 `json:"pixel_ap"`
	PRO        float64 `json:"pro"`
	PixelAUROC float64 `json:"pixel_auroc"`
	ImageAUROC float64 `json:"image_auroc"`
	Images     int     `json:"images"`
	Kinds      []struct {
		Kind   string `json:"kind"`
		Images int    `json:"images"`
	} `json:"kinds"`
}

// TestDistance fits detectors without a classifier and measures them on all test
// images. The bounds of bottle are the project's own goals; cookie's, a hard and
// small set of which only figures are reported, guard against a broken change.
func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		set   string
		least figures
	}{
		{"mvtec_bottle", figures{PixelAP: 0.89, PRO: 0.97, PixelAUROC: 0.991, ImageAUROC: 0.995, Images: 83}},
		{"cookie", figures{PixelAP: 0.50, PRO: 0.90, PixelAUROC: 0.96, ImageAUROC: 0.95, Images: 46}},
	} {
		t.Run(tc.set, func(t *testing.T) {
			dir := data(t, tc.set)
			model := filepath.Join(t.TempDir(), "model.safetensors")
			took := run(t, nil, "train", "--data", dir, "--supervision", "none", "--out", model, "--seed", "0")
			var got figures
			run(t, &got, "eval", "--model", model, "--data", dir, "--json")
			t.Logf("%s: fitted in %.0f s, AP %.4f, PRO %.4f, pixel AUROC %.4f, image AUROC %.4f",
				tc.set, took.Seconds(), got.PixelAP, got.PRO, got.PixelAUROC, got.ImageAUROC)
			if got.Images != tc.least.Images {
				t.Errorf("measured %d images, want %d", got.Images, tc.least.Images)
			}
			for _, m := range []struct {
				name       string
				got, least float64
			}{
				{"pixel AP", got.PixelAP, tc.least.PixelAP}, {"PRO", got.PRO, tc.least.PRO},
				{"pixel AUROC", got.PixelAUROC, tc.least.PixelAUROC}, {"image AUROC", got.ImageAUROC, tc.least.ImageAUROC},
			} {
				if m.got < m.least {
					t.Errorf("%s %.4f, want at least %.4f", m.name, m.got, m.least)
				}
			}
			if took > 4*time.Minute {
				t.Errorf("fitting took %v, want at most 4 minutes", took)
			}
		})
	}
}
