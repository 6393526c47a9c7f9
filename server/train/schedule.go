package train

// RampUp is lambda_u at a step counted from 0: linear from 0 to full over ramp
// steps, then constant (METHOD section 7).
func RampUp(step, ramp int, full float64) float64 {
	if ramp <= 0 {
		return full
	}
	return full * min(1, float64(step)/float64(ramp))
}

// AverageDecay is the decay of the averaged weights at a step counted from 0. It
// starts low, so that the random start leaves no trace.
func AverageDecay(step int, full float64) float64 {
	return min(full, float64(step+1)/float64(step+10))
}
