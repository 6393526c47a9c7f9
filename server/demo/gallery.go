package demo

import (
	"sync"
)

const (
	// FitCount is how many normal pictures of each surface its detector is fitted on.
	FitCount = 60
	// galleryGood and galleryEach are how many good pictures, and how many of each defect, the gallery shows a surface.
	galleryGood = 4
	galleryEach = 3
	// galleryFrom is the number of the gallery's first good picture: those below may have fed the detector.
	galleryFrom = 1000
)

// ThumbSide is the width and height of a thumbnail, in pixels.
const ThumbSide = Side / 4

// Entry is one picture of the gallery.
type Entry struct {
	Name    string // the file name without extension, unique: "synthetic-woven-cloth-hole-02"
	Title   string // for people: "Woven cloth, hole 2 (synthetic)"
	Surface string // also the name of the detector that belongs to it
	Kind    string // Good or a defect

	draw func() Picture
	once sync.Once
	data files
}

// files are an entry's PNG files.
type files struct{ image, mask, thumb []byte }

// Gallery is the fixed set of pictures that the page offers to try. None of them fed a detector. Files are drawn when
// they are first asked for and then kept, about 14 MB in all. Its methods may be called from any goroutine.
type Gallery struct {
	entries []*Entry
	byName  map[string]*Entry
}

// NewGallery lists the gallery; it draws nothing yet.
func NewGallery() *Gallery {
	g := &Gallery{byName: make(map[string]*Entry)}
	for _, s := range Surfaces() {
		for _, kind := range append([]string{Good}, s.Kinds...) {
			count, from := galleryEach, 1
			if kind == Good {
				count, from = galleryGood, galleryFrom
			}
			for i := range count {
				g.add(s, kind, from+i, i+1)
			}
		}
	}
	return g
}

func (g *Gallery) add(s Surface, kind string, number, shown int) {
	e := &Entry{
		Name: FileName(s.Name, kind, shown), Surface: s.Name, Kind: kind,
		Title: title(s, kind, shown),
		draw:  func() Picture { return s.Draw(kind, number) },
	}
	g.entries = append(g.entries, e)
	g.byName[e.Name] = e
}

// Entries returns the gallery in order: by surface, good ones first, then by kind.
func (g *Gallery) Entries() []*Entry { return g.entries }

// Image returns the picture of that name as a PNG file of Side x Side pixels; ok is false if there is none. The caller
// must not change the bytes.
func (g *Gallery) Image(name string) (png []byte, ok bool) {
	f, ok := g.files(name)
	return f.image, ok
}

// Mask returns the ground truth of that picture as a grey PNG file of the same size, 255 where the defect is.
func (g *Gallery) Mask(name string) (png []byte, ok bool) {
	f, ok := g.files(name)
	return f.mask, ok
}

// Thumb returns the picture as a PNG file of ThumbSide x ThumbSide pixels.
func (g *Gallery) Thumb(name string) (png []byte, ok bool) {
	f, ok := g.files(name)
	return f.thumb, ok
}

func (g *Gallery) files(name string) (files, bool) {
	e, ok := g.byName[name]
	if !ok {
		return files{}, false
	}
	e.once.Do(func() {
		p := e.draw()
		e.data = files{
			image: p.PNG(),
			mask:  p.MaskPNG(),
			thumb: p.ThumbPNG(),
		}
	})
	return e.data, true
}
