package memory

import (
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Of what the machine, or the container, has. What is left is the runtime's, whose
// sessions and bank lie outside Go's heap.
const (
	pictureShare = 0.4
	heapShare    = 0.65
)

// FitMachine sets Limit and, unless GOMEMLIMIT was set by hand, the collector's bound
// by the memory of the process's control group, or else of the machine.
func FitMachine(log *slog.Logger) {
	size, err := memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)()
	if err != nil || size == 0 {
		log.Warn("how much memory this machine has cannot be told: pictures are not bounded by it", "error", err)
		return
	}
	Limit(int64(pictureShare * float64(size)))
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(heapShare * float64(size)))
	}
	log.Info("memory", "machine_mib", size>>20, "pictures_mib", Bound()>>20)
}
