package loop

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"

	"semirest/models/nets"
	"semirest/models/weights"
	"semirest/server/detect"
	"semirest/server/evaluation"
	"semirest/server/ort"
	"semirest/server/project"
	"semirest/shared/prep"
)

// looks says what pictures look like: the mean and the standard deviation over a
// picture of each of the backbone's features, at lookSide x lookSide pixels. It needs
// no detector, and is kept in files by the SHA-256 of the picture's.
type looks struct {
	files evaluation.Files
	dir   string
	run   ort.Options

	mu      sync.Mutex
	session *ort.Session
}

// lookSide is the size that pictures are looked at, in pixels; aspect is not kept.
const lookSide = 256

func (k *looks) init(files evaluation.Files, dir string, run ort.Options) {
	k.files, k.dir, k.run = files, filepath.Join(dir, "looks"), run
}

func (k *looks) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.session == nil {
		return nil
	}
	err := k.session.Close()
	k.session = nil
	return err
}

func (k *looks) path(p project.Picture) string { return filepath.Join(k.dir, p.SHA256) }

// kept returns a picture's look from before.
func (k *looks) kept(p project.Picture) ([]float32, bool) {
	b, err := os.ReadFile(k.path(p))
	if err != nil || len(b) < 8 || string(b[:4]) != "SRF\x01" || len(b)%4 != 0 {
		return nil, false
	}
	v := make([]float32, len(b)/4-1)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4+4*i:]))
		if v[i] != v[i] {
			return nil, false
		}
	}
	return v, true
}

// at looks at a picture.
func (k *looks) at(ctx context.Context, p project.Picture) ([]float32, error) {
	if v, ok := k.kept(p); ok {
		return v, nil
	}
	rgb, err := evaluation.Decode(ctx, k.files, p, prep.OwnDepth)
	if err != nil {
		return nil, err
	}
	pix, err := prep.Resize(rgb.Pix, rgb.Size, prep.Size{W: lookSide, H: lookSide})
	if err != nil {
		return nil, fmt.Errorf("loop: %s: %w", p.Name, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.ready(); err != nil {
		return nil, err
	}
	out, err := k.session.Run(ctx, ort.Feeds{detect.InputPixels: ort.Of(pix, 1, lookSide, lookSide, 3)})
	if err != nil {
		return nil, fmt.Errorf("loop: %s: %w", p.Name, err)
	}
	columns := out[detect.OutputPCF]
	v := summary(columns.F32(), columns.Shape[len(columns.Shape)-1])
	b := []byte("SRF\x01")
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return v, evaluation.Keep(k.path(p), b)
}

// ready opens the backbone; k.mu is held.
func (k *looks) ready() error {
	if k.session != nil {
		return nil
	}
	arch, err := nets.Lookup(weights.DefaultBackbone)
	if err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	set, err := weights.Default()
	if err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	trunk, err := arch.Trunk(set)
	if err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	net, err := arch.Load(trunk)
	if err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	g, err := detect.ColumnGraph(net, prep.Size{W: lookSide, H: lookSide}, false)
	if err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	if k.session, err = ort.Open(g.Marshal(), k.run); err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	return nil
}

// summary is the mean and the standard deviation of each column of rows [n, d].
func summary(rows []float32, d int) []float32 {
	mean, square := make([]float64, d), make([]float64, d)
	n := len(rows) / d
	for i, v := range rows {
		mean[i%d] += float64(v) / float64(n)
		square[i%d] += float64(v) * float64(v) / float64(n)
	}
	out := make([]float32, 2*d)
	for i := range d {
		out[i] = float32(mean[i])
		out[d+i] = float32(math.Sqrt(max(0, square[i]-mean[i]*mean[i])))
	}
	return out
}
