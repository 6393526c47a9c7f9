package prep

import (
	"errors"
	"image"
	"strconv"

	"semirest/shared/block"
)

// TileStep is what the scaled picture's sides and all crops' origins are
// multiples of, in pixels: the coarsest stride of the backbones, so that a
// tile's cells coincide with the picture's.
const TileStep = 16

// Tile says how large pictures are cut. The zero Tile stands for no tiles.
type Tile struct {
	Ref     int // longer side of the scaled picture, pixels, a multiple of 16
	Overlap int // least overlap of neighbouring crops, pixels, a multiple of 16
}

// Crop is one detector input.
type Crop struct {
	Index    int             // place in the plan, from 0
	Input    Size            // size of the pixels that travel
	Scaled   image.Rectangle // what it covers of the scaled picture
	Source   image.Rectangle // what it covers of the upright original, rounded to nearest pixels
	Row, Col int             // its first cell in the picture's grid of 8-pixel cells (Scaled.Min / 8)
}

// Plan says how a picture becomes crops.
type Plan struct {
	Picture Size // the upright original
	Scaled  Size // what it is resized to before crops are cut
	Crops   []Crop
}

// MaxCrops bounds a plan.
const MaxCrops = 4096

// NewPlan plans the crops of an upright picture for a detector that takes
// input. Without tiles the whole picture is resized to the input. With tiles
// it is scaled so that its longer side is tile.Ref and the shorter keeps the
// aspect ratio, rounded up to a multiple of 16, neither shorter than the
// input's; crops of the input's size then cover it, row by row, neighbours
// overlapping by at least tile.Overlap, the last of each row and column flush
// with the edge. The same plan serves training and scoring.
func NewPlan(picture, input Size, tile Tile) (Plan, error) {
	if picture.W <= 0 || picture.H <= 0 {
		return Plan{}, &SizeError{Size: picture, Limits: DefaultLimits}
	}
	if input.W <= 0 || input.H <= 0 || input.W%TileStep != 0 || input.H%TileStep != 0 {
		return Plan{}, errors.New("prep: input size " + input.String() + " is not a multiple of 16")
	}
	p := Plan{Picture: picture, Scaled: input}
	if tile == (Tile{}) {
		p.Crops = []Crop{p.crop(0, 0, 0, input)}
		return p, nil
	}
	if tile.Ref <= 0 || tile.Ref%TileStep != 0 || tile.Overlap < 0 || tile.Overlap%TileStep != 0 ||
		tile.Overlap >= min(input.W, input.H) {
		return Plan{}, errors.New("prep: tiles of reference size " + strconv.Itoa(tile.Ref) + " and overlap " +
			strconv.Itoa(tile.Overlap) + " do not fit an input of " + input.String() +
			": both must be multiples of 16, the overlap smaller than the input")
	}
	short := scaleUp(tile.Ref, min(picture.W, picture.H), max(picture.W, picture.H), TileStep)
	p.Scaled = Size{W: tile.Ref, H: short}
	if picture.H > picture.W {
		p.Scaled = Size{W: short, H: tile.Ref}
	}
	p.Scaled = Size{W: max(p.Scaled.W, input.W), H: max(p.Scaled.H, input.H)}
	if err := DefaultLimits.Check(p.Scaled); err != nil {
		return Plan{}, err
	}
	xs := block.Starts(p.Scaled.W/TileStep, input.W/TileStep, (input.W-tile.Overlap)/TileStep)
	ys := block.Starts(p.Scaled.H/TileStep, input.H/TileStep, (input.H-tile.Overlap)/TileStep)
	if len(xs)*len(ys) > MaxCrops {
		return Plan{}, errors.New("prep: a picture of " + picture.String() + " would need " +
			strconv.Itoa(len(xs)*len(ys)) + " crops, the limit is " + strconv.Itoa(MaxCrops))
	}
	for _, y := range ys {
		for _, x := range xs {
			p.Crops = append(p.Crops, p.crop(len(p.Crops), x*TileStep, y*TileStep, input))
		}
	}
	return p, nil
}

func (p Plan) crop(index, x, y int, input Size) Crop {
	r := image.Rect(x, y, x+input.W, y+input.H)
	return Crop{
		Index: index, Input: input, Scaled: r,
		Source: image.Rect(
			nearest(r.Min.X, p.Picture.W, p.Scaled.W), nearest(r.Min.Y, p.Picture.H, p.Scaled.H),
			nearest(r.Max.X, p.Picture.W, p.Scaled.W), nearest(r.Max.Y, p.Picture.H, p.Scaled.H)),
		Row: y / 8, Col: x / 8,
	}
}

// nearest is at*num/den rounded half up, in integers.
func nearest(at, num, den int) int {
	return int((2*int64(at)*int64(num) + int64(den)) / (2 * int64(den)))
}

// Grid is the grid of size-pixel blocks, 8 or 16, over the scaled picture; the
// crops' scores merge into it (block.Merge).
func (p Plan) Grid(size int) block.Grid { return block.For(p.Scaled.W, p.Scaled.H, size) }

// ToOriginal takes a point of the scaled picture to the upright original.
// Points are in pixels with edges at whole numbers, so the middle of pixel i
// is i + 0.5.
func (p Plan) ToOriginal(x, y float64) (float64, float64) {
	return x * float64(p.Picture.W) / float64(p.Scaled.W), y * float64(p.Picture.H) / float64(p.Scaled.H)
}

// ToScaled is the inverse of ToOriginal.
func (p Plan) ToScaled(x, y float64) (float64, float64) {
	return x * float64(p.Scaled.W) / float64(p.Picture.W), y * float64(p.Scaled.H) / float64(p.Picture.H)
}

// Cut copies a crop's pixels, RGB, out of the scaled picture and appends them
// to dst. scaled holds p.Scaled pixels of RGB; it panics on another length.
func (p Plan) Cut(dst, scaled []byte, c Crop) []byte {
	if len(scaled) != 3*p.Scaled.W*p.Scaled.H {
		panic("prep: pixels do not fit the scaled size")
	}
	for y := c.Scaled.Min.Y; y < c.Scaled.Max.Y; y++ {
		at := y * p.Scaled.W
		dst = append(dst, scaled[3*(at+c.Scaled.Min.X):3*(at+c.Scaled.Max.X)]...)
	}
	return dst
}
