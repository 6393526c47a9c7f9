package browsertest

import (
	"bufio"
	"bytes"
	"image"
	"image/png"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"semirest/server/demo"
)

// kept is the data folder of the programs that tests start: the demonstration's
// detectors are fitted once. TestMain removes it.
var kept string

// serve starts bin/semirest serve, as its user would, and returns the page's
// address.
func serve(t *testing.T, flags ...string) string {
	t.Helper()
	const path = "../../bin/semirest"
	if _, err := os.Stat(path); err != nil {
		t.Fatal("bin/semirest is not built: run make build")
	}
	if kept == "" {
		var err error
		if kept, err = os.MkdirTemp("", "semirest-browsertest-"); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(path, append([]string{"serve", "--addr", "127.0.0.1:0", "--data-dir", kept, "--log-level", "warn"}, flags...)...)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("semirest serve ended with %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	_, url, ok := strings.Cut(strings.TrimSpace(line), "SemiREST is at ")
	if err != nil || !ok {
		t.Fatalf("semirest serve said %q: %v", line, err)
	}
	return url
}

// program serves without a model and returns the page's address once both of the
// demonstration's detectors are fitted.
func program(t *testing.T) string {
	t.Helper()
	start := time.Now()
	url := serve(t, "--projects", t.TempDir())
	for end := start.Add(3 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if strings.Count(get(t, url+"/api/v1/detectors"), `"model":`) == len(demo.Surfaces()) {
			t.Logf("both detectors were fitted after %.0f s", time.Since(start).Seconds())
			return url
		}
		if time.Now().After(end) {
			t.Fatal("the demonstration's detectors were not fitted within 3 minutes")
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Nothing is pretended here: the program as it is started by its user, its own
// detectors, real Chromium, files dropped on the page.
func TestDemonstrationFindsDefectsOnThePage(t *testing.T) {
	url := program(t)
	b := newTab(t)
	b.open(url)
	gallery := demo.NewGallery()
	dir := t.TempDir()
	var names, files []string
	for _, e := range gallery.Entries() {
		if e.Surface != "brushed-metal" {
			continue
		}
		data, _ := gallery.Image(e.Name)
		files = append(files, write(t, dir, e.Name+".png", data))
		if e.Kind != demo.Good {
			names = append(names, e.Name)
		}
	}
	b.drop(files...)
	b.settled(len(files))
	for _, name := range names {
		b.selectPicture(name)
		b.wait(`!document.querySelector('.heat').hidden && document.querySelector('#verdict .word b').textContent === 'Defect'`)
		maskFile, _ := gallery.Mask(name)
		mask, err := png.Decode(bytes.NewReader(maskFile))
		if err != nil {
			t.Fatal(err)
		}
		// The map of the picture before stays until this one's is drawn.
		var x, y float64
		found := false
		for end := time.Now().Add(5 * time.Second); !found && time.Now().Before(end); {
			x, y = b.hottest()
			found = marked(mask, x, y)
		}
		if !found {
			t.Errorf("%s: the hottest place (%.2f, %.2f) is not in the defect", name, x, y)
		}
	}
	b.selectPicture("synthetic-brushed-metal-scratch")
	b.shot("demonstration")
}

// hottest is the middle of the most opaque and brightest pixels of the heat map
// that is shown, as fractions of the picture's width and height: the colours end
// at twice the threshold, so a plain defect has many of them.
func (b *tab) hottest() (x, y float64) {
	b.t.Helper()
	b.expect("Canvas2D: Multiple readback operations")
	at := eval[[]float64](b, `(() => {
		const c = document.querySelector('.heat'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
		let best = -1, n = 0, x = 0, y = 0;
		for (let i = 0; i < d.length; i += 4) {
			const v = d[i+3] + d[i] + d[i+1];
			if (v > best) { best = v; n = x = y = 0; }
			if (v === best) { n++; x += i / 4 % c.width + 0.5; y += Math.floor(i / 4 / c.width) + 0.5; }
		}
		return [x / n / c.width, y / n / c.height];
	})()`)
	return at[0], at[1]
}

// marked tells whether the mask marks a pixel within a block, 8 of the detector's
// 384 pixels, of a place.
func marked(mask image.Image, x, y float64) bool {
	side := mask.Bounds().Dx()
	reach := 8 * side / 384
	for dy := -reach; dy <= reach; dy++ {
		for dx := -reach; dx <= reach; dx++ {
			if r, _, _, _ := mask.At(int(x*float64(side))+dx, int(y*float64(side))+dy).RGBA(); r > 0x8000 {
				return true
			}
		}
	}
	return false
}
