package tables

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"semirest/server/train"
	"semirest/shared/durable"
)

// summary is a row over all seeds.
type summary struct {
	Row
	spread float64 // standard deviation of AP
	seeds  int
}

func summarize(rows []Row) []summary {
	var out []summary
	values := map[string][]float64{}
	for _, r := range rows {
		key := r.Supervision + "/" + r.Name
		i := slices.IndexFunc(out, func(s summary) bool { return s.Supervision == r.Supervision && s.Name == r.Name })
		values[key] = append(values[key], r.AP)
		if i < 0 {
			out = append(out, summary{Row: r, seeds: 1})
			continue
		}
		s := &out[i]
		n := float64(s.seeds)
		s.seeds++
		for _, f := range []struct{ to, from *float64 }{
			{&s.AP, &r.AP}, {&s.PRO, &r.PRO}, {&s.AUROC, &r.AUROC}, {&s.Image, &r.Image}, {&s.Held, &r.Held}, {&s.Seconds, &r.Seconds},
		} {
			*f.to = (*f.to*n + *f.from) / (n + 1)
		}
	}
	for i := range out {
		v := values[out[i].Supervision+"/"+out[i].Name]
		for _, x := range v {
			out[i].spread += (x - out[i].AP) * (x - out[i].AP)
		}
		out[i].spread = math.Sqrt(out[i].spread / float64(max(len(v)-1, 1)))
	}
	return out
}

// Markdown writes the rows, averaged over the seeds, as a table, in per cent.
func Markdown(w io.Writer, rows []Row) error {
	fmt.Fprintln(w, "| supervision | change | images | pixel AP | ± | PRO | pixel AUROC | image AUROC | held-out AP | training s | seeds |")
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, s := range summarize(rows) {
		_, err := fmt.Fprintf(w, "| %s | %s | %d | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.0f | %d |\n", s.Supervision, s.Name, s.Images,
			100*s.AP, 100*s.spread, 100*s.PRO, 100*s.AUROC, 100*s.Image, 100*s.Held, s.Seconds, s.seeds)
		if err != nil {
			return err
		}
	}
	return nil
}

// Write writes ablation.csv, every row; ablation.md, with the command that made it; and ablation.png.
func Write(dir, command string, rows []Row) error {
	write := func(name string, f func(w io.Writer) error) error {
		return durable.Replace(filepath.Join(dir, name), f)
	}
	err := write("ablation.csv", func(w io.Writer) error {
		c := csv.NewWriter(w)
		c.Write([]string{"supervision", "change", "seed", "images", "pixel_ap", "pro", "pixel_auroc", "image_auroc", "held_out_ap", "training_seconds"})
		for _, r := range rows {
			f := func(v float64) string { return strconv.FormatFloat(v, 'f', 5, 64) }
			c.Write([]string{r.Supervision, r.Name, strconv.FormatUint(r.Seed, 10), strconv.Itoa(r.Images),
				f(r.AP), f(r.PRO), f(r.AUROC), f(r.Image), f(r.Held), f(r.Seconds)})
		}
		c.Flush()
		return c.Error()
	})
	if err != nil {
		return err
	}
	err = write("ablation.md", func(w io.Writer) error {
		fmt.Fprintf(w, "# Ablation\n\nMade by `%s`.\n\n", command)
		return Markdown(w, rows)
	})
	if err != nil {
		return err
	}
	return write("ablation.png", func(w io.Writer) error { return plot(w, rows) })
}

// plot draws a bar a row.
func plot(w io.Writer, rows []Row) error {
	var names []string
	var values []float64
	for _, s := range summarize(rows) {
		names = append(names, s.Supervision+", "+s.Name)
		values = append(values, 100*s.AP)
	}
	return train.Bars(w, "pixel AP, %", names, values)
}
