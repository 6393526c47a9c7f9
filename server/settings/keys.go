package settings

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// keys are the names that a settings file may hold.
type keys struct {
	sections map[string][]string // flags by command
}

// known collects the names of a program.
func known(root *cobra.Command) keys {
	k := keys{map[string][]string{}}
	for _, cmd := range root.Commands() {
		if !ours(cmd) {
			continue
		}
		k.sections[cmd.Name()] = nil
		for _, c := range append([]*cobra.Command{cmd}, cmd.Commands()...) {
			flagsOf(c, func(f *pflag.Flag) { k.sections[cmd.Name()] = append(k.sections[cmd.Name()], f.Name) })
		}
	}
	return k
}

// flags are those of all commands.
func (k keys) flags() (list []string) {
	for _, flags := range k.sections {
		list = append(list, flags...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// check refuses what no command has.
func (k keys) check(file string, raw map[string]any) error {
	var errs []error
	wrong := func(where, key string, among []string) {
		if slices.Contains(among, key) {
			return
		}
		near, _ := k.nearest(key, among)
		errs = append(errs, fmt.Errorf("the settings in %s: %s%s is no setting: the nearest is %s", file, where, key, near))
	}
	for key, value := range raw {
		flags, command := k.sections[key]
		if in, ok := value.(map[string]any); ok && command {
			for name := range in {
				wrong(key+": ", name, flags)
			}
		} else if !command || value != nil {
			among := k.flags()
			if ok {
				among = slices.Sorted(maps.Keys(k.sections))
			}
			wrong("", key, among)
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// nearest is the name that takes the fewest changes of a letter to become key, and how many.
func (k keys) nearest(key string, among []string) (near string, changes int) {
	changes = len(key) + 1000
	for _, name := range among {
		if n := distance(key, name); n < changes {
			near, changes = name, n
		}
	}
	return near, changes
}

// distance is how many letters must be put in, taken out or changed (Levenshtein, 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
