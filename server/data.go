package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"semirest/server/dataset"
	"semirest/server/meter"
)

func newDataCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "data",
		Short:   "Look at data sets before they are learnt from",
		Example: "  semirest data check demo/woven-cloth",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var split string
	var asJSON bool
	check := &cobra.Command{
		Use:   "check DIR",
		Short: "Say what a data set holds and what is odd about it",
		Long: `Reads every picture and mask of a folder: of plain pictures, or in the layout of
MVTec AD, MVTec AD 2, BTAD, MPDD, KolektorSDD, KolektorSDD2 or VisA (one object's
folder beside split_csv). It counts what there is to learn from and to test on,
and names what is odd: unreadable pictures, masks that are missing, empty or of
another size, the same picture on both sides, other shapes and colours.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := openSplit(args[0], split, io.Discard)
			if err != nil {
				return err
			}
			progress := meter.New(cmd.ErrOrStderr())
			r, err := dataset.Check(cmd.Context(), set, func(done, total int) { progress.Show("read", done, total) })
			progress.Close()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), r)
			}
			printReport(cmd.OutOrStdout(), r)
			return nil
		},
	}
	check.Flags().StringVar(&split, "split", "", splitHelp)
	check.Flags().BoolVar(&asJSON, "json", false, "print JSON, with every picture named")
	cmd.AddCommand(check)
	return cmd
}

// printReport writes a report for people: of each oddity the first pictures.
func printReport(w io.Writer, r *dataset.Report) {
	fmt.Fprintf(w, "%s\n%d normal pictures to learn from", r.Root, r.Train)
	if r.Labelled > 0 {
		fmt.Fprintf(w, ", and %d defective ones with masks", r.Labelled)
	}
	fmt.Fprintln(w)
	for _, kind := range slices.Sorted(maps.Keys(r.Test)) {
		fmt.Fprintf(w, "%d %s to test on\n", r.Test[kind], kind)
	}
	var sizes []string
	for _, s := range r.Sizes[:min(len(r.Sizes), 3)] {
		sizes = append(sizes, fmt.Sprintf("%d of %d x %d", s.Images, s.Width, s.Height))
	}
	if more := len(r.Sizes) - len(sizes); more > 0 {
		sizes = append(sizes, fmt.Sprintf("others of %d more sizes", more))
	}
	fmt.Fprintf(w, "%s pixels; %d grey, %d in colour\n", strings.Join(sizes, ", "), r.Grey, r.Colour)
	for _, note := range r.Notes {
		fmt.Fprintln(w, note)
	}
	for _, o := range r.Odd {
		fmt.Fprintf(w, "odd: %d %s: %s\n", len(o.Images), o.What, some(o.Images))
	}
	if len(r.Odd) == 0 {
		fmt.Fprintln(w, "nothing is odd")
	}
}
