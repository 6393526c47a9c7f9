package train

import "math"

// The focal loss of METHOD section 6, in Go: the trainer's graph computes the
// same, and a test holds the two, and PyTorch, against each other.

// Softmax2 is the probability of class 1 under logits (a, b).
func Softmax2(a, b float64) float64 {
	if b > a {
		return 1 / (1 + math.Exp(a-b))
	}
	e := math.Exp(b - a)
	return e / (1 + e)
}

// FocalAlpha is the class weight w: alpha where the target's larger share is
// "anomalous", 1 - alpha otherwise. A tie is "normal", as argmax takes the
// first.
func FocalAlpha(normal, anomalous, alpha float64) float64 {
	if anomalous > normal {
		return alpha
	}
	return 1 - alpha
}

// Focal is -w (1 - p_t)^gamma log p_t, with p_t = <softmax(logits), target>,
// and its gradient with respect to the two logits. target sums to 1.
func Focal(logits, target [2]float64, alpha, gamma float64) (loss float64, grad [2]float64) {
	p1 := Softmax2(logits[0], logits[1])
	p0 := Softmax2(logits[1], logits[0])
	pt := p0*target[0] + p1*target[1]
	w := FocalAlpha(target[0], target[1], alpha)
	rest := max(1-pt, 0)
	loss = -w * math.Pow(rest, gamma) * math.Log(pt)
	// d loss / d pt, then d pt / d logit 1 = p0 p1 (t1 - t0) = -d pt / d logit 0.
	slope := -w * math.Pow(rest, gamma) / pt
	if gamma > 0 && rest > 0 {
		slope += w * gamma * math.Pow(rest, gamma-1) * math.Log(pt)
	}
	grad[1] = slope * p0 * p1 * (target[1] - target[0])
	grad[0] = -grad[1]
	return loss, grad
}
