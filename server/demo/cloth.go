package demo

import (
	"math"
	"math/rand/v2"
)

// pitch is the distance between two threads of the cloth, in pixels.
const pitch = 12.8

// weave holds what a sheet of cloth is made of: its threads, how they lie, and what was done to them.
type weave struct {
	turnSin, turnCos float64
	moveX, moveY     *lattice // how the sheet is pulled out of shape, slowly
	wobX, wobY       *lattice // how single threads wander
	fold             *lattice
	fibre            *lattice
	lint             *lattice
	warp, weft       []thread
	hole             *hole
	snag             *snag
}

// thread is what makes one thread differ from its neighbours.
type thread struct{ shade, width, phase float64 }

// cloth draws a plain weave of slate warp and ecru weft. Turn, drape, thread shade, thread width and light vary from
// picture to picture.
func cloth(surface, defect *rand.Rand, kind string) (rgb, mask []byte) {
	r := surface
	turn := uniform(r, -0.03, 0.03)
	w := &weave{
		turnSin: math.Sin(turn), turnCos: math.Cos(turn),
		moveX: newLattice(r, 210, 210), moveY: newLattice(r, 210, 210),
		wobX: newLattice(r, 30, 44), wobY: newLattice(r, 44, 30),
		fold: newLattice(r, 170, 230), fibre: newLattice(r, 2.2, 2.2), lint: newLattice(r, 3.1, 3.1),
		warp: threads(r), weft: threads(r),
	}
	exposure := uniform(r, 0.95, 1.05)
	lampX, lampY := uniform(r, -0.10, 0.10), uniform(r, -0.10, 0.10)
	var spot *stain
	switch kind {
	case "hole":
		w.hole = newHole(defect)
	case "snag":
		w.snag = newSnag(defect)
	case "stain":
		spot = newStain(defect)
	}
	rgb = make([]byte, Side*Side*3)
	mask = make([]byte, Side*Side)
	for y := range Side {
		for x := range Side {
			i := y*Side + x
			fx, fy := float64(x), float64(y)
			// two samples a pixel, on a diagonal: threads are fine enough to alias with one
			r1, g1, b1, in1 := w.sample(fx-0.25, fy-0.25)
			r2, g2, b2, in2 := w.sample(fx+0.25, fy+0.25)
			red, green, blue := (r1+r2)/2, (g1+g2)/2, (b1+b2)/2
			if in1 && in2 {
				mask[i] = 1
			}
			light := exposure * (1 + lampX*(fx/Side-0.5) + lampY*(fy/Side-0.5) + 0.05*w.fold.at(fx, fy))
			light += 0.012 * (r.Float64() + r.Float64() - 1)
			red, green, blue = red*light, green*light, blue*light
			if spot != nil {
				cover, rim, inside := spot.at(fx, fy)
				if inside {
					mask[i] = 1
				}
				d := 0.52*cover + 0.20*rim
				red *= 1 - 0.50*d
				green *= 1 - 0.80*d
				blue *= 1 - 1.00*d
			}
			rgb[3*i], rgb[3*i+1], rgb[3*i+2] = tone(red), tone(green), tone(blue)
		}
	}
	return rgb, mask
}

// threads draws enough threads for the sheet in one direction.
func threads(r *rand.Rand) []thread {
	t := make([]thread, int(Side*1.3/pitch)+4)
	for i := range t {
		t[i] = thread{shade: uniform(r, 0.93, 1.07), width: uniform(r, 0.93, 1.05), phase: r.Float64()}
	}
	return t
}

// sample is the colour of the sheet at a point, before light, and whether the point belongs to a hole or a snag.
func (w *weave) sample(x, y float64) (red, green, blue float64, inside bool) {
	px, py := x, y
	var torn, loop, dark float64
	switch {
	case w.hole != nil:
		px, py, torn, inside = w.hole.at(x, y)
	case w.snag != nil:
		px, py, loop, dark, inside = w.snag.at(x, y)
	}
	u := px*w.turnCos + py*w.turnSin + 3.2*w.moveX.at(px, py) + 0.75*w.wobX.at(px, py)
	v := py*w.turnCos - px*w.turnSin + 3.2*w.moveY.at(px, py) + 0.75*w.wobY.at(px, py)
	// thread numbers and the place between them, -0.5 to 0.5 from a thread's middle
	cu, cv := (u+Side*0.15)/pitch, (v+Side*0.15)/pitch
	i, j := math.Floor(cu), math.Floor(cv)
	du, dv := cu-i-0.5, cv-j-0.5
	warp, weft := w.warp[index(i, len(w.warp))], w.weft[index(j, len(w.weft))]
	over := (int(i)+int(j))&1 == 0 // the warp lies on top here

	// heights of both threads: round across, bowed along, since each dives under its neighbours
	hw := height(du/warp.width, dv, over)
	hf := height(dv/weft.width, du, !over)
	fibre := w.fibre.at(px, py)
	if hw >= hf {
		// twisted yarn: fine lines that lean across the thread
		twist := wave(dv*2.3 + du*1.3 + warp.phase)
		s := shade(hw, warp.shade, twist, fibre)
		red, green, blue = 0.375*s, 0.465*s, 0.570*s
	} else {
		twist := wave(du*2.3 - dv*1.3 + weft.phase)
		s := shade(hf, weft.shade, twist, fibre)
		red, green, blue = 0.690*s, 0.690*s, 0.665*s
	}
	red, green, blue = red*(1-dark), green*(1-dark), blue*(1-dark)
	if loop > 0 {
		// the pulled thread lies on top, rough with loose fibres
		s := (0.45 + 0.60*loop) * (1 + 0.16*w.lint.at(x, y) + 0.10*fibre)
		a := step(0, 0.25, loop)
		red, green, blue = red+a*(0.740*s-red), green+a*(0.735*s-green), blue+a*(0.700*s-blue)
	}
	if torn > 0 {
		red, green, blue = red+torn*(0.045-red), green+torn*(0.045-green), blue+torn*(0.055-blue)
	}
	return red, green, blue, inside
}

// index keeps a thread number inside the sheet.
func index(f float64, n int) int { return int(clamp(f, 0, float64(n-1))) }

// height of a thread at across (-0.5 to 0.5 of its width) and along (-0.5 to 0.5 of a crossing).
func height(across, along float64, top bool) float64 {
	h := 1 - 3.4*across*across
	bow := 1 - 2.0*along*along
	if top {
		return h * (0.55 + 0.45*bow)
	}
	return h*(0.50-0.30*bow) - 0.05
}

// shade turns height, yarn and fibre into brightness; low places are dark.
func shade(h, own, twist, fibre float64) float64 {
	return own * (0.36 + 0.66*clamp(h, 0, 1)) * (1 + 0.055*twist + 0.075*fibre)
}

// wave is a triangle wave of period 1 between -1 and 1.
func wave(t float64) float64 {
	t -= math.Floor(t)
	return 4*math.Abs(t-0.5) - 1
}
