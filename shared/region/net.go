package region

import "math"

// Hidden is how many hidden units a Net has.
const Hidden = 16

// Net is a network of one hidden layer with leaky units: measures of a cell in, the odds' logarithm that it belongs to
// the region out.
type Net struct {
	Mean, Scale []float32         // [in]: the measures are brought to mean 0 and deviation 1 by (x - Mean) * Scale
	In          [][Hidden]float32 // [in]
	Bias, Out   [Hidden]float32
	Last        float32
}

// Leak is a unit's slope below 0.
const Leak = 0.1

// Normalize brings measures to mean 0 and deviation 1, in place.
func (n *Net) Normalize(x []float32) {
	for i := range x {
		x[i] = (x[i] - n.Mean[i]) * n.Scale[i]
	}
}

// Value is the network's answer for normalized measures; hidden gets the units' values, for learning.
func (n *Net) Value(x []float32, hidden *[Hidden]float32) float32 {
	*hidden = n.Bias
	for i, v := range x {
		row := &n.In[i]
		for j := range hidden {
			hidden[j] += row[j] * v
		}
	}
	out := n.Last
	for j, v := range hidden {
		if v < 0 {
			v *= Leak
			hidden[j] = v
		}
		out += v * n.Out[j]
	}
	return out
}

// NewNet returns a network of zeros for so many measures.
func NewNet(in int) *Net {
	return &Net{Mean: make([]float32, in), Scale: make([]float32, in), In: make([][Hidden]float32, in)}
}

// Numbers calls f with each of the network's numbers, in the order in which they are stored.
func (n *Net) Numbers(f func(*float32)) {
	for i := range n.Mean {
		f(&n.Mean[i])
		f(&n.Scale[i])
		for j := range n.In[i] {
			f(&n.In[i][j])
		}
	}
	for j := range n.Bias {
		f(&n.Bias[j])
		f(&n.Out[j])
	}
	f(&n.Last)
}

// Nets are the networks that regions grow by: the first click's and the corrections'.
func Nets() (first, correction *Net) {
	at := 0
	read := func(v *float32) {
		b := stored[at : at+4]
		*v = math.Float32frombits(uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24)
		at += 4
	}
	first, correction = NewNet(firstMeasures), NewNet(correctionMeasures)
	first.Numbers(read)
	correction.Numbers(read)
	return first, correction
}
