package synth

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Decode reads one picture file.
type Decode func(path string) (Picture, error)

// textureSide is the longer side a texture is kept at: fills are coarse, and a
// folder such as DTD's 5,640 photographs would not fit in memory at full size.
const textureSide = 256

// maxTextures bounds how many files of a folder are read; they are taken evenly
// over the sorted names, so that every kind of a sorted folder is there.
const maxTextures = 512

// LoadTextures reads the pictures of a folder and of the folders in it. Files
// that do not decode are left out and named by the returned error list;
// err is set only where nothing is left.
func LoadTextures(dir string, decode Decode) (textures []Picture, skipped []error, err error) {
	var paths []string
	walk := func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".jpg", ".jpeg", ".png":
			if !d.IsDir() {
				paths = append(paths, path)
			}
		}
		return nil
	}
	if err := filepath.WalkDir(dir, walk); err != nil {
		return nil, nil, fmt.Errorf("synth: textures: %w", err)
	}
	slices.Sort(paths)
	step := max(1, float64(len(paths))/maxTextures)
	for at := 0.0; int(at) < len(paths); at += step {
		p, err := decode(paths[int(at)])
		if err == nil {
			err = p.check()
		}
		if err != nil {
			skipped = append(skipped, fmt.Errorf("%s: %w", paths[int(at)], err))
			continue
		}
		textures = append(textures, shrinkPicture(p, textureSide))
	}
	if len(textures) == 0 {
		none := fmt.Errorf("synth: no texture in %s: it needs JPEG or PNG pictures; leave --textures out for the built-in set", dir)
		return nil, skipped, errors.Join(append([]error{none}, skipped...)...)
	}
	return textures, skipped, nil
}

// shrinkPicture averages whole blocks of pixels until the longer side is at
// most side.
func shrinkPicture(p Picture, side int) Picture {
	if max(p.W, p.H) <= side {
		return p
	}
	s := shrink(p, side)
	out := NewPicture(s.w, s.h)
	for i, v := range s.pix {
		out.Pix[i] = toByte(float64(v))
	}
	return out
}
