package detect

import (
	"fmt"
	"math"
)

// Fewer pictures than these leave a detector in doubt. enoughBank is where more pictures of one part stop changing its
// bank much; of enoughHeld held-out scores the log-normal quantile for a false-alarm rate of 1 % has a standard error of
// 0.6 of the scores' own spread, of 3 of them of 1.3.
const (
	enoughBank = 20
	enoughHeld = 10
)

// Doubts says, a sentence each, which of the detector's parts were made of too few pictures, and how many would do.
func (s *Spec) Doubts() (list []string) {
	bank, held := len(s.Images), len(s.HeldOut)
	if bank < enoughBank {
		list = append(list, fmt.Sprintf("the memory bank comes from %d normal pictures; %d or more show better what is normal", bank, enoughBank))
	}
	rate := 100 * s.Threshold.FalseAlarmRate
	switch n := s.Threshold.Images; {
	case held == 0:
		list = append(list, fmt.Sprintf("the threshold for %g %% false alarms is set by the %d pictures of the bank themselves; "+
			"from %d normal pictures on some are kept for it, from %d on %d", rate, n, Few, 10*enoughHeld, enoughHeld))
	case n < enoughHeld && s.Threshold.Method == LogNormal:
		share := float64(held) / float64(held+bank)
		list = append(list, fmt.Sprintf("the threshold for %g %% false alarms comes from %d held-out normal pictures; "+
			"%d would do, which takes about %d normal pictures in all", rate, n, enoughHeld, int(math.Ceil(enoughHeld/share))))
	}
	return list
}
