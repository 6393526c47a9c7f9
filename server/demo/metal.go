package demo

import (
	"math"
	"math/rand/v2"
)

// metal draws a brushed plate under a lamp. The brush runs along x with a slight turn; the lamp's reflection is a band
// across it, torn into lines because every streak leans its own way. Exposure, lamp, turn, tint and grain vary from
// picture to picture as they would from part to part.
func metal(surface, defect *rand.Rand, kind string) (rgb, mask []byte) {
	r := surface
	var (
		turn     = uniform(r, -0.012, 0.012)
		exposure = uniform(r, 0.96, 1.04)
		warm     = uniform(r, -0.008, 0.008)
		lampX    = uniform(r, 0.36, 0.64) * Side
		lampW    = uniform(r, 0.30, 0.38) * Side
		tilt     = uniform(r, -0.10, 0.10)

		long   = newLattice(r, 420, 2.6)
		middle = newLattice(r, 150, 1.5)
		short  = newLattice(r, 46, 1.0)
		broad  = newLattice(r, 600, 22)
		uneven = newLattice(r, 190, 150)
		sin    = math.Sin(turn)
		cos    = math.Cos(turn)
	)
	rgb = make([]byte, Side*Side*3)
	mask = make([]byte, Side*Side)
	var relief relief
	var spot *stain
	switch kind {
	case "scratch":
		relief = newScratch(defect)
	case "dent":
		relief = newDent(defect)
	case "stain":
		spot = newStain(defect)
	}
	for y := range Side {
		for x := range Side {
			i := y*Side + x
			fx, fy := float64(x), float64(y)
			u, v := fx*cos+fy*sin, fy*cos-fx*sin
			grain := 0.42*short.at(u, v) + 0.36*middle.at(u, v) + 0.26*long.at(u, v)
			wide := broad.at(u, v)

			// slope of the surface: what a dent or a scratch adds, and whether it scatters the brush lines
			var gx, gy, bare float64
			if relief != nil {
				var inside bool
				gx, gy, bare, inside = relief.at(fx, fy)
				if inside {
					mask[i] = 1
				}
			}
			band := bell((fx + tilt*(fy-Side/2) - lampX + 46*grain + 30*wide - 420*gx) / lampW)
			light := 0.30 + 0.40*band + 0.062*grain*(0.55+band) + 0.020*wide + 0.012*uneven.at(fx, fy)
			light += 0.55*gy + 0.30*gx
			light += bare * (0.80 - light)
			light *= exposure * (1.02 - 0.10*sq((fx-Side/2)/Side) - 0.16*sq((fy-Side/2)/Side))
			light += 0.010 * (r.Float64() + r.Float64() - 1)

			red, green, blue := light*(0.985+warm), light*0.995, light*(1.02-warm)
			if spot != nil {
				cover, rim, inside := spot.at(fx, fy)
				if inside {
					mask[i] = 1
				}
				// a dried film of oil: it dims, turns brown, and is thickest at its rim
				d := 0.34*cover + 0.24*rim
				red *= 1 - 0.72*d
				green *= 1 - 1.00*d
				blue *= 1 - 1.42*d
			}
			rgb[3*i], rgb[3*i+1], rgb[3*i+2] = tone(red), tone(green), tone(blue)
		}
	}
	return rgb, mask
}

func sq(x float64) float64 { return x * x }
