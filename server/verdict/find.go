package verdict

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"semirest/server/dataset"
)

// Input is a picture to score.
type Input struct {
	Path string
	Stem string // of its outputs' names, below the folder of outputs
}

// Find lists the pictures that paths name: files, whatever they are called, and folders with all that lies in them, as
// far down as it goes. passed are the files of folders that are no pictures by their names. A picture's outputs are
// called after it, with its ending only where two would be called alike; two pictures that still are is an error.
func Find(paths []string) (list []Input, passed []string, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, nil, err
		}
		if !info.IsDir() {
			list = append(list, Input{Path: path, Stem: filepath.Base(path)})
			continue
		}
		before := len(list)
		err = filepath.WalkDir(path, func(at string, d fs.DirEntry, err error) error {
			switch {
			case err != nil || d.IsDir():
			case dataset.IsImage(d.Name()):
				stem, _ := filepath.Rel(path, at)
				list = append(list, Input{Path: at, Stem: stem})
			default:
				passed = append(passed, at)
			}
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		if len(list) == before {
			return nil, nil, fmt.Errorf("%s: %w in this folder or below it", path, dataset.ErrNoImages)
		}
	}
	alike, taken := make(map[string]int), make(map[string]string)
	for _, in := range list {
		alike[bare(in.Stem)]++
	}
	for i := range list {
		in := &list[i]
		if short := bare(in.Stem); alike[short] == 1 {
			in.Stem = short
		}
		if other, ok := taken[in.Stem]; ok {
			return nil, nil, fmt.Errorf("%s and %s would both be written as %s.json: score them into two folders", other, in.Path, in.Stem)
		}
		taken[in.Stem] = in.Path
	}
	return list, passed, nil
}

func bare(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }
