package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"semirest/server/ort"
)

func main() {
	learn := flag.String("learn", "", "Go file to write learnt networks to: shared/region/stored.go")
	clicks := flag.Int("clicks", 5, "clicks a picture")
	most := flag.Int("most", 60, "pictures of a set to learn from")
	without := flag.Bool("without-map", false, "measure without the detector's map")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, flag.Args(), *learn, *clicks, *most, *without); err != nil {
		fmt.Fprintln(os.Stderr, "clicks:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, learn string, clicks, most int, without bool) error {
	if len(args) == 0 {
		return errors.New("name detectors and their pictures, as MODEL=DATA")
	}
	lib, err := ort.Locate("")
	if err != nil {
		return err
	}
	if err := ort.Init(lib); err != nil {
		return err
	}
	var all []*Case
	for _, arg := range args {
		model, data, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("%s: want MODEL=DATA", arg)
		}
		cases, err := read(ctx, model, data)
		if err != nil {
			return err
		}
		if learn != "" {
			all = append(all, thin(cases, most)...)
			continue
		}
		fmt.Printf("%s: %d pictures, mean IoU after each click:", data, len(cases))
		for _, v := range Measure(cases, clicks, !without) {
			fmt.Printf(" %.3f", v)
		}
		fmt.Println()
	}
	if learn == "" {
		return nil
	}
	return os.WriteFile(learn, source(Learn(all)), 0o644)
}

// source is the Go file of shared/region that holds the networks. A string costs nothing to download but its bytes,
// which an embedded file does.
func source(numbers []byte) []byte {
	b := []byte("package region\n\n// stored are the numbers of both networks, float32, little endian: those of the first click's, then the corrections'.\n// Written by server/clicks.\nconst stored = \"\" +\n")
	for at := 0; at < len(numbers); at += 32 {
		b = append(b, "\t\""...)
		for _, v := range numbers[at:min(at+32, len(numbers))] {
			b = fmt.Appendf(b, `\x%02x`, v)
		}
		if b = append(b, '"'); at+32 < len(numbers) {
			b = append(b, " +"...)
		}
		b = append(b, '\n')
	}
	return b
}
