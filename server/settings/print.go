package settings

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config [COMMAND [FLAGS]]",
		Short: "Print the settings that are in force, and where each is from",
		Long: `Prints a settings file, whole, with what is in force: every flag of every
command, or of one command as it would run with these flags. Each line says
where its value is from. Lines that begin with # are the program's defaults.

What a flag says counts most, then the environment (--data-dir is
$SEMIREST_DATA_DIR; a comma parts lists), then a settings file: semirest.yaml in
the folder semirest of your own settings, then /etc/semirest/semirest.yaml; or
the one that --config or $SEMIREST_CONFIG names, alone. In a file, keys at the
top are for every command that has such a flag, keys in a command's section for
that one.`,
		Example: "  semirest config >~/.config/semirest/semirest.yaml\n  semirest config serve --addr :8080",
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd.OutOrStdout(), cmd.Root(), args)
		},
	}
	cmd.Flags().SetInterspersed(false) // what follows the command's name is its own
	return cmd
}

// show prints the settings of all commands, or of the one that args call.
func show(w io.Writer, root *cobra.Command, args []string) error {
	commands := slices.DeleteFunc(slices.Clone(root.Commands()), func(c *cobra.Command) bool { return !ours(c) })
	if len(args) > 0 {
		one, rest, err := root.Find(args)
		if err != nil {
			return err
		}
		if !ours(section(one)) {
			return fmt.Errorf("semirest %s has no settings", args[0])
		}
		if err := one.ParseFlags(rest); err != nil {
			return err
		}
		commands = []*cobra.Command{one}
	}
	layers, err := load(root)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "# The settings of semirest; see semirest config --help.")
	for _, l := range layers[1:] {
		fmt.Fprintln(w, "# read:", l.from)
	}
	var sections []printed
	for _, cmd := range commands {
		p, err := sectionOf(cmd, layers)
		if err != nil {
			return err
		}
		sections = append(sections, p)
	}
	shared := sharedLines(sections)
	for _, name := range slices.Sorted(maps.Keys(shared)) {
		shared[name].print(w, "")
	}
	for _, p := range sections {
		p.print(w, shared)
	}
	return nil
}

// printed is a command's part of the file.
type printed struct {
	name, short string
	lines       []setting
}

// setting is a flag with what it is.
type setting struct {
	flag *pflag.Flag
	said said
}

// sectionOf fills in the flags of a command and of those below it.
func sectionOf(cmd *cobra.Command, layers []layer) (printed, error) {
	p := printed{name: section(cmd).Name(), short: section(cmd).Short}
	seen := map[string]bool{}
	for _, c := range append([]*cobra.Command{cmd}, cmd.Commands()...) {
		from, err := fill(c, layers)
		if err != nil {
			return p, err
		}
		flagsOf(c, func(f *pflag.Flag) {
			if !seen[f.Name] {
				p.lines = append(p.lines, setting{f, from[f.Name]})
			}
			seen[f.Name] = true
		})
	}
	return p, nil
}

// sharedLines are the flags that mean one thing in several commands, and are said for all
// of them.
func sharedLines(sections []printed) map[string]setting {
	all := map[string][]setting{}
	for _, p := range sections {
		for _, s := range p.lines {
			all[s.flag.Name] = append(all[s.flag.Name], s)
		}
	}
	maps.DeleteFunc(all, func(_ string, list []setting) bool {
		return len(list) < 2 || slices.ContainsFunc(list, func(s setting) bool {
			return s.said.narrow || s.flag.Usage != list[0].flag.Usage || s.flag.DefValue != list[0].flag.DefValue
		})
	})
	out := map[string]setting{}
	for name, list := range all {
		out[name] = list[0]
	}
	return out
}

func (p printed) print(w io.Writer, shared map[string]setting) {
	fmt.Fprintf(w, "\n# semirest %s: %s\n%s:\n", p.name, p.short, p.name)
	for _, s := range p.lines {
		if _, ok := shared[s.flag.Name]; !ok {
			s.print(w, "  ")
		}
	}
}

// print writes a setting with its comment; one that nobody said is a comment as a whole.
func (s setting) print(w io.Writer, indent string) {
	mark, from := "", s.said.from
	if from == "" {
		mark, from = "#", "default"
	}
	fmt.Fprintf(w, "%s# %s\n%s%s%s: %s  # %s\n", indent, s.flag.Usage, indent, mark, s.flag.Name, yamlOf(s.flag), from)
}

// yamlOf is a flag's value as YAML.
func yamlOf(f *pflag.Flag) string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		var out []string
		for _, v := range list.GetSlice() {
			out = append(out, strconv.Quote(v))
		}
		return "[" + strings.Join(out, ", ") + "]"
	}
	if f.Value.Type() == "string" {
		return strconv.Quote(f.Value.String())
	}
	return f.Value.String()
}
