package synth

import (
	"math"
	"math/rand/v2"
	"sync"
)

// The built-in textures: twelve families, four of each, 256x256, made from a
// fixed seed when first asked for. They stand in for a folder of photographs
// (DTD in the paper's line of work): families differ in scale, direction and
// contrast, as a fill must look unlike the part it covers in many ways.

const (
	proceduralSide  = 256
	proceduralEach  = 4
	proceduralSeed1 = 0x73656d6972657374 // "semirest"
	proceduralSeed2 = 0x74657874757265   // "texture"
)

var procedural = sync.OnceValue(func() []Picture {
	var out []Picture
	for f, family := range families {
		for k := range proceduralEach {
			rng := rand.New(rand.NewPCG(proceduralSeed1+uint64(f), proceduralSeed2+uint64(k)))
			out = append(out, paint(rng, family(rng)))
		}
	}
	return out
})

// Procedural returns the built-in textures. The pictures are shared: do not
// write to them.
func Procedural() []Picture { return procedural() }

// A field gives a texture's value at (x, y), both in 0 to 1; about 0 to 1.
type field func(x, y float64) float64

// families in the order of their seeds; append only.
var families = []func(*rand.Rand) field{
	wood, stone, grain, weave, stripes, marble,
	cells, brick, dots, checker, scratches, rust,
}

// paint maps a field to three colours of a random palette and adds fine noise.
func paint(rng *rand.Rand, f field) Picture {
	var palette [3][3]float64
	for i := range palette {
		for c := range 3 {
			palette[i][c] = between(rng, 10, 245)
		}
	}
	// Half of the palettes are nearly grey, since most materials are.
	if rng.IntN(2) == 0 {
		for i := range palette {
			mean := (palette[i][0] + palette[i][1] + palette[i][2]) / 3
			for c := range 3 {
				palette[i][c] = mean + 0.2*(palette[i][c]-mean)
			}
		}
	}
	fine := between(rng, 0, 12)
	p := NewPicture(proceduralSide, proceduralSide)
	for y := range p.H {
		for x := range p.W {
			v := f(float64(x)/proceduralSide, float64(y)/proceduralSide)
			v = 2 * min(max(v, 0), 1)
			k := min(int(v), 1)
			a := v - float64(k)
			n := fine * (rng.Float64() - 0.5) * 2
			for c := range 3 {
				p.Pix[3*(y*p.W+x)+c] = toByte(palette[k][c] + a*(palette[k+1][c]-palette[k][c]) + n)
			}
		}
	}
	return p
}

// fractal is a sum of octaves of gradient noise, each twice as fine and half
// as strong, about -1 to 1.
func fractal(rng *rand.Rand, cellsX, cellsY, octaves int) field {
	layers := make([]*noise, octaves)
	for i := range layers {
		layers[i] = newNoise(rng, cellsX<<i, cellsY<<i, proceduralSide, proceduralSide, 0)
	}
	return func(x, y float64) float64 {
		sum, weight, total := 0.0, 1.0, 0.0
		for _, l := range layers {
			sum += weight * l.at(x*proceduralSide, y*proceduralSide)
			total += weight
			weight /= 2
		}
		return sum / total
	}
}

func wood(rng *rand.Rand) field {
	bend, fibre := fractal(rng, 2, 1, 3), fractal(rng, 64, 3, 2)
	rings := between(rng, 6, 14)
	return func(x, y float64) float64 {
		r := math.Hypot(x-0.5, 0.15*(y-0.3)) + 0.08*bend(x, y)
		_, ring := math.Modf(rings * r * 2)
		return 0.2 + 0.6*ring*ring + 0.25*fibre(x, y)
	}
}

func stone(rng *rand.Rand) field {
	f, spot := fractal(rng, 4, 4, 6), fractal(rng, 40, 40, 2)
	return func(x, y float64) float64 { return 0.5 + 0.8*f(x, y) + 0.3*spot(x, y) }
}

func grain(rng *rand.Rand) field {
	n := 24 << rng.IntN(3)
	f := fractal(rng, n, n, 2)
	return func(x, y float64) float64 { return 0.5 + 0.9*f(x, y) }
}

func weave(rng *rand.Rand) field {
	threads := float64(10 + rng.IntN(22))
	wobble := fractal(rng, 3, 3, 2)
	return func(x, y float64) float64 {
		u, v := threads*(x+0.01*wobble(x, y)), threads*(y+0.01*wobble(y, x))
		over := (int(u)+int(v))%2 == 0
		_, a := math.Modf(u)
		_, b := math.Modf(v)
		if over {
			return 0.35 + 0.6*math.Sin(math.Pi*a)
		}
		return 0.1 + 0.6*math.Sin(math.Pi*b)
	}
}

func stripes(rng *rand.Rand) field {
	sin, cos := math.Sincos(between(rng, 0, math.Pi))
	n, sharp := between(rng, 5, 26), between(rng, 1, 6)
	warp := fractal(rng, 3, 3, 2)
	return func(x, y float64) float64 {
		s := math.Sin(2 * math.Pi * (n*(cos*x+sin*y) + 0.4*warp(x, y)))
		return 0.5 + 0.5*math.Tanh(sharp*s)
	}
}

func marble(rng *rand.Rand) field {
	f := fractal(rng, 3, 3, 5)
	n := between(rng, 2, 6)
	return func(x, y float64) float64 {
		return math.Pow(math.Abs(math.Sin(math.Pi*(n*(x+0.4*y)+3*f(x, y)))), 0.6)
	}
}

// cells is Worley's cellular noise: the gap between the two nearest of random
// points, which draws pebbles, leather and cracked paint.
func cells(rng *rand.Rand) field {
	n := 5 + rng.IntN(9)
	points := make([][2]float64, n*n)
	for i := range points {
		points[i] = [2]float64{
			(float64(i%n) + rng.Float64()) / float64(n),
			(float64(i/n) + rng.Float64()) / float64(n),
		}
	}
	return func(x, y float64) float64 {
		first, second := 9.0, 9.0
		cx, cy := int(x*float64(n)), int(y*float64(n))
		for yy := max(cy-2, 0); yy <= min(cy+2, n-1); yy++ {
			for xx := max(cx-2, 0); xx <= min(cx+2, n-1); xx++ {
				p := points[yy*n+xx]
				d := math.Hypot(x-p[0], y-p[1])
				if d < first {
					first, second = d, first
				} else if d < second {
					second = d
				}
			}
		}
		return min(1, 3*(second-first)*float64(n)) * (0.5 + 0.6*first*float64(n))
	}
}

func brick(rng *rand.Rand) field {
	rows := float64(5 + rng.IntN(8))
	joint := between(rng, 0.06, 0.16)
	rough := fractal(rng, 24, 24, 3)
	tone := make([]float64, 1024)
	for i := range tone {
		tone[i] = between(rng, 0.45, 0.9)
	}
	return func(x, y float64) float64 {
		r, v := math.Modf(y * rows)
		c, u := math.Modf(x*rows/2 + 0.5*math.Mod(r, 2))
		if v < joint || u < joint/2 {
			return 0.1 + 0.15*rough(x, y)
		}
		return tone[(int(r)*31+int(c))%len(tone)] + 0.2*rough(x, y)
	}
}

func dots(rng *rand.Rand) field {
	n, radius := between(rng, 6, 20), between(rng, 0.2, 0.42)
	soft := between(rng, 0.03, 0.2)
	return func(x, y float64) float64 {
		row, v := math.Modf(y * n)
		_, u := math.Modf(x*n + 0.5*math.Mod(row, 2))
		return 0.5 + 0.5*math.Tanh((radius-math.Hypot(u-0.5, v-0.5))/soft)
	}
}

func checker(rng *rand.Rand) field {
	n := between(rng, 4, 18)
	rough := fractal(rng, 10, 10, 4)
	return func(x, y float64) float64 {
		v := 0.2
		if (int(x*n)+int(y*n))%2 == 0 {
			v = 0.8
		}
		return v + 0.3*rough(x, y)
	}
}

func scratches(rng *rand.Rand) field {
	f, base := fractal(rng, 2, 90, 2), fractal(rng, 3, 3, 3)
	flip := rng.IntN(2) == 1
	return func(x, y float64) float64 {
		if flip {
			x, y = y, x
		}
		return 0.45 + 0.7*f(x, y) + 0.3*base(x, y)
	}
}

func rust(rng *rand.Rand) field {
	patch, fine := fractal(rng, 5, 5, 5), fractal(rng, 50, 50, 2)
	level := between(rng, -0.15, 0.15)
	return func(x, y float64) float64 {
		return 0.5 + 0.45*math.Tanh(8*(patch(x, y)-level)) + 0.25*fine(x, y)
	}
}
