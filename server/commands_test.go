package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"semirest/server/demo"
	"semirest/server/npy"
	"semirest/server/ort"
	"semirest/server/picture"
	"semirest/server/verdict"
	"semirest/shared/prep"
)

// semirest runs a command line.
func semirest(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, log bytes.Buffer
	code = execute(ctx, args, &out, &log)
	return code, out.String(), log.String()
}

// succeed runs a command line that must succeed, and returns what it prints.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	code, out, log := semirest(t.Context(), args...)
	if code != 0 {
		t.Fatalf("semirest %s: exit code %d: %s", strings.Join(args, " "), code, log)
	}
	return out
}

// fails runs a command line that must end with a code and a text on stderr.
func fails(t *testing.T, code int, text string, args ...string) {
	t.Helper()
	if got, _, log := semirest(t.Context(), args...); got != code || !strings.Contains(log, text) {
		t.Errorf("semirest %s: exit code %d, want %d with %q: %s", strings.Join(args, " "), got, code, text, log)
	}
}

func needRuntime(t *testing.T) {
	t.Helper()
	if _, err := ort.Locate(""); err != nil {
		t.Fatal(err) // it says what to run
	}
}

const small = 256 // pixels a side of the test's pictures

// shrunk is a picture of the demonstration, half as large, with its mask.
func shrunk(s demo.Surface, kind string, number int) (rgb, mask []byte, err error) {
	p := s.Draw(kind, number)
	rgb, err = prep.Resize(p.RGB, prep.Size{W: demo.Side, H: demo.Side}, prep.Size{W: small, H: small})
	mask = make([]byte, small*small)
	for i := range mask {
		mask[i] = p.Mask[i/small*2*demo.Side+i%small*2]
	}
	return rgb, mask, err
}

func writeImage(path string, img image.Image) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return picture.SavePNG(path, img)
}

func asImage(rgb []byte, w, h int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		copy(m.Pix[4*i:], rgb[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	return m
}

// writeMVTec writes a small data set: 12 normal pictures to train on, one of
// which is cut; 2 normal ones and 2 with a hole to test.
func writeMVTec(dir string) error {
	s, _ := demo.Find("woven-cloth")
	for i := range 16 {
		kind, name := demo.Good, filepath.Join("train", "good")
		switch {
		case i >= 14:
			kind, name = "hole", filepath.Join("test", "hole")
		case i >= 12:
			name = filepath.Join("test", "good")
		}
		rgb, mask, err := shrunk(s, kind, i)
		if err != nil {
			return err
		}
		h := small
		if i == 3 {
			h = 200 // mixed sizes are fine
		}
		file := strconv.Itoa(100 + i)
		if err := writeImage(filepath.Join(dir, name, file+".png"), asImage(rgb, small, h)); err != nil {
			return err
		}
		if kind == demo.Good {
			continue
		}
		grey := image.NewGray(image.Rect(0, 0, small, small))
		for k, v := range mask {
			grey.Pix[k] = 255 * v
		}
		if err := writeImage(filepath.Join(dir, "ground_truth", kind, file+"_mask.png"), grey); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// files lists what lies below dir.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.300s", err, text)
	}
	return v
}

// TestCommands walks through a detector's life on a small MVTec folder.
func TestCommands(t *testing.T) {
	needRuntime(t)
	dir := t.TempDir()
	data, model := filepath.Join(dir, "cloth"), filepath.Join(dir, "cloth.safetensors")
	if err := writeMVTec(data); err != nil {
		t.Fatal(err)
	}
	out := succeed(t, "train", "--data", data, "--out", model, "--supervision", "none", "--size", "256", "--bank-rows", "300")
	if !strings.Contains(out, "960 bank rows") {
		t.Errorf("train prints %q", out)
	}
	if names := files(t, dir); slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, ".tmp") || strings.HasPrefix(n, ".") }) {
		t.Errorf("train leaves %v", names)
	}
	// The model is not written over, and the few pictures are warned of.
	again := []string{"train", "--data", data, "--out", model, "--supervision", "none", "--size", "256", "--bank-rows", "300"}
	fails(t, exitUsage, "--force", again...)
	if code, _, log := semirest(t.Context(), append(again, "--force")...); code != 0 || !strings.Contains(log, "bank comes from 10 normal pictures; 20") ||
		!strings.Contains(log, "comes from 2 held-out normal pictures; 10 would do, which takes about 60") {
		t.Errorf("train --force: exit code %d: %s", code, log)
	}
	hole := func(i int) string { return filepath.Join(data, "test", "hole", strconv.Itoa(i)+".png") }

	t.Run("info", func(t *testing.T) {
		for _, want := range []string{"efficientnet_lite2", "960 rows", "256 x 256 pixels", "threshold"} {
			if out := succeed(t, "info", model); !strings.Contains(out, want) {
				t.Errorf("info lacks %q: %s", want, out)
			}
		}
		spec := decode[map[string]any](t, succeed(t, "info", model, "--json"))
		if spec["supervision"] != "none" || spec["provenance"].(map[string]any)["data"] == "" {
			t.Errorf("info --json: %v", spec)
		}
	})

	t.Run("eval", func(t *testing.T) {
		e := decode[map[string]any](t, succeed(t, "eval", "--model", model, "--data", data, "--json"))
		for _, key := range []string{"pixel_ap", "pro", "pixel_auroc", "image_auroc"} {
			if v, ok := e[key].(float64); !ok || v <= 0 || v > 1 {
				t.Errorf("%s is %v", key, e[key])
			}
		}
		for _, key := range []string{"seconds_per_image", "false_alarms", "misses"} {
			if _, ok := e[key].(float64); !ok {
				t.Errorf("%s is %v", key, e[key])
			}
		}
		kinds, _ := e["kinds"].([]any)
		if e["images"] != 4.0 || len(kinds) != 1 {
			t.Fatalf("%v images, kinds %v", e["images"], kinds)
		}
		if k := kinds[0].(map[string]any); k["kind"] != "hole" || k["images"] != 2.0 || k["pixel_ap"] != e["pixel_ap"] {
			t.Errorf("kind %v", k)
		}
		if e["pixel_auroc"].(float64) < 0.8 || e["image_auroc"] != 1.0 {
			t.Errorf("pixel AUROC %v, image AUROC %v", e["pixel_auroc"], e["image_auroc"])
		}
		if out := succeed(t, "eval", "--model", model, "--data", data); !strings.Contains(out, "image AUROC") || !strings.Contains(out, "hole") {
			t.Errorf("eval prints %s", out)
		}
	})

	t.Run("data check", func(t *testing.T) {
		out := succeed(t, "data", "check", data)
		for _, want := range []string{"12 normal pictures to learn from", "2 hole to test on", "16 in colour", "nothing is odd"} {
			if !strings.Contains(out, want) {
				t.Errorf("data check lacks %q: %s", want, out)
			}
		}
		r := decode[map[string]any](t, succeed(t, "data", "check", data, "--json"))
		if r["train"] != 12.0 || r["test"].(map[string]any)["good"] != 2.0 {
			t.Errorf("data check --json: %v", r)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		table := filepath.Join(t.TempDir(), "scores.csv")
		log := new(bytes.Buffer) // a score that Ctrl-C ends says what there is
		first := &stopAt{text: "114.png", stop: cancel}
		if code := execute(ctx, []string{"score", "--model", model, "--out", filepath.Dir(table), "--no-png", hole(114), hole(115)}, first, log); code != exitFailure ||
			!strings.HasSuffix(log.String(), "semirest: stopped; 1 of 2 pictures are scored: see "+table+"\n") {
			t.Errorf("exit code %d: %s", code, log)
		}
	})

	t.Run("score", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "new", "scored")
		verdicts := decode[[]verdict.Verdict](t, succeed(t, "score", "--model", model, "--out", dir, "--json", hole(114), hole(115)))
		want := []string{"114.json", "114_heat.png", "114_overlay.png", "115.json", "115_heat.png", "115_overlay.png", "scores.csv"}
		if got := files(t, dir); !slices.Equal(got, want) {
			t.Errorf("files %v", got)
		}
		for _, v := range verdicts {
			if !v.Defect || v.Score < 1 || v.Width != small || v.Rows != 32 || len(v.Blocks) != v.Rows*v.Cols || v.Hottest.X1-v.Hottest.X0 != 8 {
				t.Errorf("%s: score %v, hottest %v, %d blocks", v.Image, v.Score, v.Hottest, len(v.Blocks))
			}
			if slices.Max(v.Blocks) != float32(v.Score) {
				t.Errorf("%s: the largest block is not the score", v.Image)
			}
			f, err := os.Open(filepath.Join(data, "ground_truth", "hole", strings.TrimSuffix(filepath.Base(v.Image), ".png")+"_mask.png"))
			if err != nil {
				t.Fatal(err)
			}
			mask, err := png.Decode(f)
			f.Close()
			if err != nil {
				t.Fatal(err)
			}
			marked := 0
			for y := int(v.Hottest.Y0); y < int(v.Hottest.Y1); y++ {
				for x := int(v.Hottest.X0); x < int(v.Hottest.X1); x++ {
					if mask.At(x, y).(color.Gray).Y > 0 {
						marked++
					}
				}
			}
			if marked == 0 {
				t.Errorf("%s: the hottest block %v lies outside the mask", v.Image, v.Hottest)
			}
		}
	})

	t.Run("score of folders", func(t *testing.T) {
		dir := t.TempDir()
		in, to := filepath.Join(dir, "line"), filepath.Join(dir, "scored")
		for _, name := range []string{"a/1.png", "a/b/1.png", "2.png"} {
			copyFile(t, hole(114), filepath.Join(in, name))
		}
		for name, text := range map[string]string{"2.jpg": "no picture", "notes.txt": "a note"} {
			if err := os.WriteFile(filepath.Join(in, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		code, out, log := semirest(t.Context(), "score", "--model", model, "--out", to, "--no-png", in)
		if code != exitFailure || strings.Count(out, "DEFECT") != 3 || !strings.Contains(log, "notes.txt") || !strings.Contains(log, "1 of 4") {
			t.Errorf("exit code %d, %q, %q", code, out, log)
		}
		if got := files(t, to); !slices.Equal(got, []string{"2.png.json", "a/1.json", "a/b/1.json", "scores.csv"}) {
			t.Errorf("files %v", got)
		}
		text, err := os.ReadFile(filepath.Join(to, "scores.csv"))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 5 || rows[1][0] != filepath.Join(in, "2.jpg") || rows[1][1] != "error" || rows[2][1] != "defect" || rows[2][4] != "cloth" {
			t.Errorf("%v, %q", err, rows)
		}
		lines := filepath.Join(dir, "all.jsonl")
		code, _, log = semirest(t.Context(), "score", "--model", model, "--out", to, "--no-png", "--table", lines, filepath.Join(in, "a"), filepath.Join(in, "2.png"))
		if code != 0 || !strings.Contains(log, "3 pictures, 3 with a defect: "+lines) {
			t.Errorf("exit code %d, %q", code, log)
		}
		if text, err = os.ReadFile(lines); err != nil || strings.Count(string(text), "\n") != 3 {
			t.Fatalf("%q, %v", text, err)
		}
		first := decode[map[string]any](t, strings.SplitN(string(text), "\n", 2)[0])
		if first["image"] != filepath.Join(in, "a", "1.png") || first["defect"] != true || first["score"].(float64) < 1 {
			t.Errorf("%v", first)
		}
		fails(t, exitUsage, ".jsonl", "score", "--model", model, "--out", to, "--table", "all.xlsx", in)
		fails(t, exitFailure, "no images", "score", "--model", model, "--out", to, t.TempDir())
	})

	t.Run("watch", func(t *testing.T) {
		dir := t.TempDir()
		in, to := filepath.Join(dir, "incoming"), filepath.Join(dir, "found")
		for _, n := range []int{114, 115} {
			copyFile(t, hole(n), filepath.Join(in, fmt.Sprint(n, ".png")))
		}
		args := []string{"watch", "--model", "cloth=" + model, "--state", filepath.Join(dir, "state"), "--to", to, "--to", "table=" + to + ".csv", "line=" + in}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		out, log := &stopAt{text: "115.png", stop: func() { time.AfterFunc(time.Second, cancel) }}, new(bytes.Buffer)
		if code := execute(ctx, args, out, log); code != 0 || strings.Count(out.String(), "DEFECT") != 2 || strings.Contains(log.String(), "line:") {
			t.Fatalf("exit code %d, %q, %q", code, out, log)
		}
		list, err := filepath.Glob(filepath.Join(to, "*", "*.json"))
		if err != nil || len(list) != 2 {
			t.Fatalf("%q, %v", list, err)
		}
		text, err := os.ReadFile(list[0])
		if err != nil {
			t.Fatal(err)
		}
		v := decode[verdict.Verdict](t, string(text))
		if v.Source != "line" || v.Model != "cloth" || len(v.Version) != 16 || !v.Defect || len(v.Regions) == 0 || v.Late {
			t.Errorf("%+v", v)
		}
		// The same command again has nothing to do, and what is new is found.
		copyFile(t, hole(114), filepath.Join(in, "new.png"))
		ctx, cancel = context.WithCancel(t.Context())
		defer cancel()
		out = &stopAt{text: "new.png", stop: func() { time.AfterFunc(time.Second, cancel) }}
		if code := execute(ctx, args, out, log); code != 0 || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("exit code %d, %q, %q", code, out, log)
		}
		if table, err := os.ReadFile(to + ".csv"); err != nil || strings.Count(string(table), "\n") != 4 {
			t.Errorf("%q, %v", table, err)
		}
		fails(t, exitUsage, "missing", "watch", "--model", model, "--to", to, filepath.Join(dir, "missing"))
		fails(t, exitUsage, "names no topic", "watch", "--model", model, "--to", "mqtt://broker", in)
		fails(t, exitUsage, "often", "watch", "--model", model, "--to", to, "--trigger", "often", "http://camera/")
	})

	t.Run("score of a text file", func(t *testing.T) {
		dir := t.TempDir()
		text := filepath.Join(dir, "text.png")
		if err := os.WriteFile(text, []byte("this is no picture"), 0o600); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, "out")
		code, out, log := semirest(t.Context(), "score", "--model", model, "--out", to, text, hole(114))
		if code != exitFailure || !strings.Contains(log, "text.png") || !strings.Contains(log, "1 of 2") || !strings.Contains(out, "114.png") {
			t.Errorf("exit code %d, %q, %q", code, out, log)
		}
		if got := files(t, to); !slices.Equal(got, []string{"114.json", "114_heat.png", "114_overlay.png", "scores.csv"}) {
			t.Errorf("files %v", got)
		}
		// A file stands where the folder should be made.
		fails(t, exitFailure, "text.png", "score", "--model", model, "--out", filepath.Join(text, "sub"), hole(114))
		fails(t, exitFailure, "two folders", "score", "--model", model, "--out", to, hole(114), hole(114))
		fails(t, exitFailure, "not a usable SemiREST model", "score", "--model", text, "--out", to, hole(114))
	})

	t.Run("export", func(t *testing.T) {
		dir := t.TempDir()
		export := []string{"export", "--model", model, "--out", filepath.Join(dir, "m.onnx"), "--triton", filepath.Join(dir, "repository")}
		if out := succeed(t, export...); !strings.Contains(out, "m.onnx (") || !strings.Contains(out, filepath.Join("repository", "cloth")) {
			t.Errorf("export prints %q", out)
		}
		want := []string{"m.onnx", "repository/cloth/1/model.onnx", "repository/cloth/config.pbtxt"}
		if got := files(t, dir); !slices.Equal(got, want) {
			t.Fatalf("files %v", got)
		}
		a, err := os.ReadFile(filepath.Join(dir, "m.onnx"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, want[1]))
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("the two graphs differ (%v)", err)
		}
		session, err := ort.Open(a, ort.Options{})
		if err != nil {
			t.Fatal(err)
		}
		session.Close()
		config, err := os.ReadFile(filepath.Join(dir, want[2]))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{`name: "cloth"`, "TYPE_UINT8 dims: [ 256, 256, 3 ]", "dims: [ 32, 32 ]", `key: "threshold"`} {
			if !strings.Contains(string(config), text) {
				t.Errorf("config.pbtxt lacks %q: %s", text, config)
			}
		}
		fails(t, exitUsage, "m.onnx is there already", export...)
		fails(t, exitUsage, filepath.Join("repository", "cloth")+" is there already", "export", "--model", model, "--triton", filepath.Join(dir, "repository"))
		succeed(t, append(export, "--force")...)
		fails(t, exitFailure, "missing", "export", "--model", model, "--out", filepath.Join(dir, "missing", "m.onnx"))
		fails(t, exitUsage, "--triton", "export", "--model", model)
		if got := files(t, dir); !slices.Equal(got, want) {
			t.Errorf("after the failures: files %v", got)
		}
	})

	t.Run("features", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "f.npy")
		succeed(t, "features", hole(114), "--size", "256", "--out", path)
		a, err := npy.ReadFile(path)
		if err != nil || a.DType != npy.Float32 || len(a.Shape) != 3 || a.Shape[0] != 32 || a.Shape[1] != 32 || a.Shape[2] < 100 {
			t.Errorf("%v %v, %v", a.DType, a.Shape, err)
		}
		fails(t, exitUsage, "is there already", "features", hole(114), "--size", "256", "--out", path)
		succeed(t, "features", hole(114), "--size", "256", "--out", path, "--force")
		path = filepath.Join(dir, "g.npy")
		fails(t, exitUsage, "one picture", "features", "--out", path)
		fails(t, exitUsage, "one picture", "features", hole(114), "--input", path, "--out", path)
		fails(t, exitUsage, "--size 250", "features", hole(114), "--size", "250", "--out", path)
		fails(t, exitFailure, "want float32 [1, 3", "features", "--input", filepath.Join(dir, "f.npy"), "--out", path)
		fails(t, exitFailure, "missing", "features", hole(114), "--size", "256", "--out", filepath.Join(dir, "missing", "f.npy"))
		if got := files(t, dir); !slices.Equal(got, []string{"f.npy"}) {
			t.Errorf("files %v", got)
		}
	})

	t.Run("settings out of range", func(t *testing.T) {
		to := filepath.Join(t.TempDir(), "m")
		fails(t, exitUsage, "multiple of 64", "train", "--data", data, "--out", to, "--size", "250")
		fails(t, exitUsage, "false-alarm rate", "train", "--data", data, "--out", to, "--size", "256", "--false-alarm-rate", "2")
	})

	t.Run("train stops", func(t *testing.T) {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		code, _, log := semirest(ctx, "train", "--data", data, "--out", filepath.Join(dir, "m"), "--supervision", "none", "--size", "256")
		if code != exitFailure || log != "semirest: stopped; nothing was written\n" {
			t.Errorf("exit code %d: %s", code, log)
		}
		if got := files(t, dir); len(got) > 0 {
			t.Errorf("files %v", got)
		}
	})
}

// A training that Ctrl-C ends says how to go on, and nothing else; what it says to type goes on.
func TestStoppedTrainingSaysHowToGoOn(t *testing.T) {
	needRuntime(t)
	dir := filepath.Join(t.TempDir(), "a folder")
	data, model := filepath.Join(dir, "cloth"), filepath.Join(dir, "cloth.safetensors")
	if err := writeMVTec(data); err != nil {
		t.Fatal(err)
	}
	args := []string{"train", "--data", data, "--out", model, "--preset", "fast", "--size", "256", "--bank-rows", "200", "--steps", "10", "--simulated", "6", "--held-out-simulated", "2"}
	ctx, cancel := context.WithCancel(t.Context())
	log := &stopAt{text: "pictures: ", stop: cancel} // the bank is there, the training begins
	if code := execute(ctx, args, io.Discard, log); code != exitFailure {
		t.Fatalf("exit code %d: %s", code, log)
	}
	_, said, ok := strings.Cut(log.String(), "semirest: ")
	want := "stopped; go on with: semirest train --data '" + data + "' --out '" + model + "' --preset fast --size 256 --bank-rows 200 --steps 10 --simulated 6 --held-out-simulated 2 --resume\n"
	if !ok || said != want {
		t.Fatalf("said %q, want %q", said, want)
	}
	if out := succeed(t, append(args, "--resume")...); !strings.Contains(out, model) {
		t.Errorf("printed %q", out)
	}
}

// stopAt keeps what is written, and stops when it holds a text.
type stopAt struct {
	bytes.Buffer
	text string
	stop func()
}

func (s *stopAt) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	if strings.Contains(s.String(), s.text) {
		s.stop()
	}
	return n, err
}

func TestMetricsCommand(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, a npy.Array) string {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := npy.Write(f, a); err != nil {
			t.Fatal(err)
		}
		return path
	}
	scores := write("s.npy", npy.Array{DType: npy.Float32, Shape: []int{2, 2, 3}, F32: []float32{0, .1, .2, .1, 0, .2, .3, .9, .8, .1, 0, .1}})
	masks := write("m.npy", npy.Array{DType: npy.Uint8, Shape: []int{2, 2, 3}, U8: []uint8{0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0}})
	other := write("o.npy", npy.Array{DType: npy.Uint8, Shape: []int{2, 3, 2}, U8: make([]uint8, 12)})
	m := decode[map[string]any](t, succeed(t, "metrics", "--scores", scores, "--masks", masks, "--json"))
	for _, key := range []string{"pixel_ap", "pixel_auroc", "image_auroc"} {
		if m[key] != 1.0 {
			t.Errorf("%s is %v of a perfect map", key, m[key])
		}
	}
	fails(t, exitFailure, "want uint8 [2 2 3]", "metrics", "--scores", scores, "--masks", other)
	fails(t, exitFailure, "want float32", "metrics", "--scores", masks, "--masks", masks)
	fails(t, exitFailure, "missing.npy", "metrics", "--scores", filepath.Join(dir, "missing.npy"), "--masks", masks)
	fails(t, exitUsage, "masks", "metrics", "--scores", scores)
}

// TestWrongCommands are command lines that end before any work.
func TestWrongCommands(t *testing.T) {
	needRuntime(t)
	dir := t.TempDir()
	empty, one, mixed := filepath.Join(dir, "empty"), filepath.Join(dir, "one"), filepath.Join(dir, "text")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	grey := asImage(bytes.Repeat([]byte{100, 110, 120}, 64*64), 64, 64)
	for _, path := range []string{filepath.Join(one, "a.png"), filepath.Join(mixed, "a.png")} {
		if err := writeImage(path, grey); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(mixed, "b.png"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	model := filepath.Join(dir, "m.safetensors")
	train := func(data string, more ...string) []string {
		return append([]string{"train", "--data", data, "--out", model, "--supervision", "none"}, more...)
	}
	for _, c := range []struct {
		code int
		text string
		args []string
	}{
		{exitUsage, "unknown command", []string{"inspect"}},
		{exitUsage, "unknown flag", train(one, "--sizes", "256")},
		{exitUsage, "invalid argument", train(one, "--size", "big")},
		{exitUsage, "data", []string{"train", "--out", model}},
		{exitUsage, "out", []string{"train", "--data", one}},
		{exitUsage, "huge", train(one, "--preset", "huge")},
		{exitUsage, "bank-fraction", train(one, "--bank-rows", "5", "--bank-fraction", "0.5")},
		{exitUsage, "some", []string{"train", "--data", one, "--out", model, "--supervision", "some"}},
		{exitUsage, "backbone-weights", train(one, "--preset", "paper")},
		{exitUsage, "is a folder", []string{"train", "--data", one, "--out", empty, "--supervision", "none"}},
		{exitUsage, "--labels where they are", train(one, "--supervision", "sup", "--labels-format", "coco")},
		{exitFailure, "nowhere", train(filepath.Join(dir, "nowhere"))},
		{exitFailure, "no images", train(empty)},
		{exitFailure, "at least 2", train(one)},
		{exitFailure, "b.png", train(mixed, "--size", "256")},
		{exitFailure, "nowhere", []string{"train", "--data", one, "--out", filepath.Join(dir, "nowhere", "m"), "--supervision", "none"}},
		{exitFailure, "nowhere.ort", train(mixed, "--ort-lib", filepath.Join(dir, "nowhere.ort"))},
		{exitFailure, "nowhere", []string{"info", filepath.Join(dir, "nowhere")}},
		{exitFailure, "not a usable SemiREST model", []string{"info", filepath.Join(one, "a.png")}},
		{exitUsage, "arg", []string{"info"}},
		{exitFailure, "nowhere", []string{"eval", "--model", filepath.Join(dir, "nowhere"), "--data", one}},
		{exitUsage, "model", []string{"eval", "--data", one}},
		{exitUsage, "arg", []string{"score", "--model", model, "--out", empty}},
	} {
		fails(t, c.code, c.text, c.args...)
	}
	if after := files(t, dir); !slices.Equal(before, after) {
		t.Errorf("files left: %v", after)
	}
}
