package source

import (
	"semirest/server/picture"
	"semirest/shared/prep"
)

// changed tells whether a picture is another than the last one that was taken: by the mean difference of both, made
// small, so that a camera's noise does not count.
type changed struct {
	over float64
	last []byte
}

// small is what pictures are compared at.
var small = prep.Size{W: 32, H: 32}

// see reports whether a picture is to be taken. One that cannot be read is: whoever takes it says why it cannot be.
func (c *changed) see(data []byte) bool {
	rgb, err := picture.Decode(data, prep.DefaultLimits)
	if err != nil {
		return true
	}
	now, err := prep.Resize(rgb.Pix, rgb.Size, small)
	if err != nil {
		return true
	}
	if c.last != nil {
		sum := 0
		for i, v := range now {
			sum += max(int(v)-int(c.last[i]), int(c.last[i])-int(v))
		}
		if float64(sum) <= c.over*float64(len(now)) {
			return false
		}
	}
	c.last = now
	return true
}
