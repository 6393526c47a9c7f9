package dataset

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"

	"semirest/server/picture"
	"semirest/shared/prep"
)

// Report is what Check found in a set.
type Report struct {
	Root     string         `json:"root"`
	Train    int            `json:"train"`    // normal, to learn from
	Labelled int            `json:"labelled"` // defective, to learn from
	Test     map[string]int `json:"test"`     // by kind
	Sizes    []Sized        `json:"sizes"`    // the most frequent first
	Grey     int            `json:"grey"`     // pictures whose pixels are all grey
	Colour   int            `json:"colour"`
	Notes    []string       `json:"notes"` // of how the folder was read
	Odd      []Oddity       `json:"odd"`   // in the order of Oddities
}

// Sized counts pictures of one size, upright.
type Sized struct {
	Width  int `json:"width"`
	Height int `json:"height"`
	Images int `json:"images"`
}

// Oddity is a thing that is wrong with some pictures.
type Oddity struct {
	What   string   `json:"what"`
	Images []string `json:"images"` // as Item.Name; of duplicates "A = B"
}

// What can be odd about a picture.
const (
	Unreadable   = "cannot be read"
	NoMask       = "defective, without a mask"
	BadMask      = "with a mask that cannot be read"
	WrongMask    = "with a mask of another size"
	EmptyMask    = "defective, with a mask that marks nothing"
	FullMask     = "with a mask that marks more than half of the picture"
	Leak         = "the same pixels to learn from and to test on"
	Duplicate    = "the same pixels twice on one side"
	OtherModes   = "grey among colour pictures, or the other way round"
	OtherAspects = "of a shape, width by height, that few others have"
)

// Oddities are all of them, the gravest first.
var Oddities = []string{Unreadable, Leak, WrongMask, BadMask, NoMask, EmptyMask, FullMask, Duplicate, OtherModes, OtherAspects}

// Check reads every picture and mask of a set. progress may be nil.
func Check(ctx context.Context, s *Set, progress func(done, total int)) (*Report, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	c := checker{Report: Report{Root: s.Root, Train: len(s.Train), Labelled: len(s.Labelled), Test: map[string]int{}, Notes: s.Notes},
		odd: map[string][]string{}, seen: map[[32]byte]place{}, sizes: map[prep.Size]int{}}
	learnt := slices.Concat(s.Train, s.Labelled)
	all := slices.Concat(learnt, s.Test)
	for i, item := range all {
		progress(i, len(all))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if i >= len(learnt) {
			c.Test[item.Kind]++
		}
		if err := c.look(item, i >= len(learnt)); err != nil {
			return nil, err
		}
	}
	progress(len(all), len(all))
	return c.report(), nil
}

// checker carries one Check.
type checker struct {
	Report
	odd   map[string][]string
	seen  map[[32]byte]place // by a picture's pixels
	sizes map[prep.Size]int
	looks []look
}

// place is where pixels were seen.
type place struct {
	name string
	test bool
}

// look is what of a picture can be odd only among the others.
type look struct {
	name string
	grey bool
	size prep.Size
}

func (c *checker) say(what, name string) { c.odd[what] = append(c.odd[what], name) }

// look reads one picture and its mask.
func (c *checker) look(item Item, test bool) error {
	if _, err := os.Stat(item.Path); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	rgb, err := picture.DecodeFile(item.Path, prep.DefaultLimits, prep.OwnDepth)
	if err != nil {
		c.say(Unreadable, item.Name)
		return nil
	}
	grey := true
	for i := 0; i < len(rgb.Pix) && grey; i += 3 {
		r, g, b := rgb.Pix[i], rgb.Pix[i+1], rgb.Pix[i+2]
		grey = r == g && g == b
	}
	c.looks = append(c.looks, look{item.Name, grey, rgb.Size})
	c.sizes[rgb.Size]++
	sum := sha256.New()
	fmt.Fprintln(sum, rgb.W, rgb.H)
	sum.Write(rgb.Pix)
	key := [32]byte(sum.Sum(nil))
	if other, twice := c.seen[key]; !twice {
		c.seen[key] = place{item.Name, test}
	} else if other.test != test {
		c.say(Leak, other.name+" = "+item.Name)
	} else {
		c.say(Duplicate, other.name+" = "+item.Name)
	}
	if item.Defective() {
		c.mask(item, rgb.Size)
	}
	return nil
}

func (c *checker) mask(item Item, size prep.Size) {
	if item.Mask == "" {
		c.say(NoMask, item.Name)
		return
	}
	of, mask, err := picture.Mask(item.Mask, prep.DefaultLimits)
	marked := 0
	for _, v := range mask {
		marked += int(v)
	}
	switch {
	case err != nil:
		c.say(BadMask, item.Name)
	case of != size:
		c.say(WrongMask, item.Name)
	case marked == 0:
		c.say(EmptyMask, item.Name)
	case 2*marked > len(mask):
		c.say(FullMask, item.Name)
	}
}

// few is the share of a set below which what differs from the rest is odd.
const few = 0.05

// report compares the pictures with one another and sums up.
func (c *checker) report() *Report {
	r := &c.Report
	shapes := map[float64]int{}
	aspect := func(l look) float64 { return float64(int(20*float64(l.size.W)/float64(l.size.H)+0.5)) / 20 }
	for _, l := range c.looks {
		shapes[aspect(l)]++
		if l.grey {
			r.Grey++
		} else {
			r.Colour++
		}
	}
	rare := func(n int) bool { return float64(n) < few*float64(len(c.looks)) }
	for _, l := range c.looks {
		if n := map[bool]int{true: r.Grey, false: r.Colour}[l.grey]; rare(n) {
			c.say(OtherModes, l.name)
		}
		if rare(shapes[aspect(l)]) && len(shapes) <= 5 { // where every picture has a shape of its own none is odd
			c.say(OtherAspects, l.name)
		}
	}
	for size, n := range c.sizes {
		r.Sizes = append(r.Sizes, Sized{size.W, size.H, n})
	}
	slices.SortFunc(r.Sizes, func(a, b Sized) int {
		if a.Images != b.Images {
			return b.Images - a.Images
		}
		return (a.Width-b.Width)*(1<<20) + a.Height - b.Height
	})
	for _, what := range Oddities {
		if list := c.odd[what]; len(list) > 0 {
			r.Odd = append(r.Odd, Oddity{what, list})
		}
	}
	return r
}
