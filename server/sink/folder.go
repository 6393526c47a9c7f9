package sink

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"semirest/server/picture"
	"semirest/server/verdict"
	"semirest/shared/durable"
	"semirest/shared/prep"
)

// folder writes, below DIR/YYYY-MM-DD, the picture as it came, ID_overlay.png, and last ID.json: who sees that sees all.
type folder struct {
	dir   string
	days  int
	bytes int64 // 0: no limit
	now   func() time.Time
	swept time.Time
}

func openFolder(s Spec) (*folder, error) {
	f := &folder{dir: s.Address, days: s.Days, bytes: int64(s.GiB * (1 << 30)), now: time.Now}
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return nil, err
	}
	return f, nil
}

// Send implements Sink.
func (f *folder) Send(_ context.Context, m Message) error {
	v := m.Verdict
	stem := filepath.Join(f.dir, v.Time.UTC().Format(time.DateOnly), v.ID)
	if err := os.MkdirAll(filepath.Dir(stem), 0o755); err != nil {
		return err
	}
	if m.Picture != "" {
		data, err := os.ReadFile(m.Picture)
		if err != nil {
			return err
		}
		if err := durable.Write(stem+filepath.Ext(m.Picture), data); err != nil {
			return err
		}
		if v.Error == "" {
			rgb, err := picture.Decode(data, prep.DefaultLimits)
			if err != nil {
				return err
			}
			v.Overlay = filepath.Base(stem) + "_overlay.png"
			if err := picture.SavePNG(stem+"_overlay.png", verdict.Overlay(rgb, v)); err != nil {
				return err
			}
		}
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := durable.Write(stem+".json", append(text, '\n')); err != nil {
		return err
	}
	if f.now().Sub(f.swept) < time.Minute {
		return nil
	}
	f.swept = f.now()
	return f.sweep()
}

// sweep keeps the folder within its limits. The oldest go first, all files of a picture together.
func (f *folder) sweep() error {
	if f.days == 0 && f.bytes == 0 {
		return nil
	}
	type kept struct {
		time  time.Time
		bytes int64
		files []string
	}
	all := map[string]*kept{}
	err := filepath.WalkDir(f.dir, func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := d.Name()
		// Only what this sink wrote: a day's folder, and an ID of 32 digits.
		if _, err := time.Parse(time.DateOnly, filepath.Base(filepath.Dir(at))); err != nil || len(name) < 33 {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		key := filepath.Join(filepath.Base(filepath.Dir(at)), name[:32])
		k := all[key]
		if k == nil {
			k = &kept{}
			all[key] = k
		}
		k.bytes += info.Size()
		k.files = append(k.files, at)
		if info.ModTime().After(k.time) {
			k.time = info.ModTime()
		}
		return nil
	})
	if err != nil {
		return err
	}
	var list []*kept
	total := int64(0)
	for _, k := range all {
		list = append(list, k)
		total += k.bytes
	}
	slices.SortFunc(list, func(a, b *kept) int { return a.time.Compare(b.time) })
	oldest := f.now().AddDate(0, 0, -f.days)
	for _, k := range list {
		if (f.days == 0 || k.time.After(oldest)) && (f.bytes == 0 || total <= f.bytes) {
			break
		}
		for _, file := range k.files {
			if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		_ = os.Remove(filepath.Dir(k.files[0])) // the day's folder, where it is empty
		total -= k.bytes
	}
	return nil
}

// Close implements Sink.
func (f *folder) Close() error { return nil }
