package bench

import (
	"fmt"
	"io"
)

// Print writes the result as tables for people.
func (r *Result) Print(w io.Writer) {
	fmt.Fprintf(w, "%s, %d cores, device %s\n", r.CPU, r.Cores, r.Device)
	fmt.Fprintf(w, "%s: input %v, %d bank rows, %d runs\n\n", r.Model, r.Input, r.Bank, r.Runs)
	fmt.Fprintf(w, "%-46s %9s %9s %9s\n", "one crop", "median ms", "p10", "p90")
	for _, s := range r.Stages {
		fmt.Fprintf(w, "%-46s %9.2f %9.2f %9.2f\n", s.Name, s.Median, s.P10, s.P90)
	}
	fmt.Fprintf(w, "\n%-46s %9s %9s %9s\n", "a crop in runs of several", "median ms", "p10", "p90")
	for _, b := range r.Batches {
		fmt.Fprintf(w, "%-46s %9.2f %9.2f %9.2f\n", fmt.Sprintf("%d at a time", b.Crops), b.Median, b.P10, b.P90)
	}
	if r.Stream != nil {
		r.Stream.print(w)
	}
}

func (r *LoadResult) print(w io.Writer) {
	fmt.Fprintf(w, "\n%d clients x %g crops a second over loopback for %g s: %d crops (%.0f MB), %d errors\n",
		r.Clients, r.Rate, r.Seconds, r.Crops, r.MegabytesIn, r.Errors)
	if r.FirstError != "" {
		fmt.Fprintf(w, "first error: %s\n", r.FirstError)
	}
	fmt.Fprintf(w, "transport: p50 %.2f ms, p95 %.2f ms, p99 %.2f ms\n", r.P50, r.P95, r.P99)
	fmt.Fprintf(w, "resident memory, server and clients: %.0f MB connected, %.0f MB half way, %.0f MB at the end, %.0f MB at most\n",
		r.MemoryBefore, r.MemoryMiddle, r.MemoryAfter, r.MemoryHighest)
}
