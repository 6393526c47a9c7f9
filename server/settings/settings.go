// Package settings says where the value of a flag comes from, where nobody typed it: the
// environment, a settings file, or the program's own default, in this order.
//
//   - A flag --data-dir is $SEMIREST_DATA_DIR in the environment; lists are parted by commas.
//   - It is the key data-dir of a settings file (YAML). At the top of the file it is for
//     every command that has the flag; in a section, for the command that the section is
//     called after. The section is the stronger.
//   - The files are /etc/semirest/semirest.yaml and semirest/semirest.yaml in the user's
//     folder of settings, which is the stronger; or the one that --config names, alone.
//
// A key of a file that no command has is an error. Other variables that begin with
// SEMIREST_ are not: container systems make some of their own. One that is a letter off a
// flag's is, since nobody else means that.
package settings

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// variable is how the variables of the environment begin.
const variable = "SEMIREST_"

// configFlag names a settings file.
const configFlag = "config"

// layer is one source of values.
type layer struct {
	from string // what people call it; "": the environment
	keys *koanf.Koanf
}

// Bind gives a program's commands, all added before, their settings: the flag --config, the
// command config, and what fills in flags before a command runs.
func Bind(root *cobra.Command) {
	root.PersistentFlags().String(configFlag, "", "settings file to use in place of those in /etc/semirest and in your own folder of settings; see semirest config")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if !ours(section(cmd)) {
			return nil
		}
		layers, err := load(cmd)
		if err == nil {
			_, err = fill(cmd, layers)
		}
		return err
	}
	root.AddCommand(newCommand())
}

// ours says whether a command has settings.
func ours(cmd *cobra.Command) bool {
	switch cmd.Name() {
	case "help", "completion", "config", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
		return false
	}
	return cmd.HasParent()
}

// section is the command below the root that a command belongs to.
func section(cmd *cobra.Command) *cobra.Command {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	return cmd
}

// flagsOf visits the flags of a command that may be set, those of its parents included.
func flagsOf(cmd *cobra.Command, visit func(*pflag.Flag)) {
	cmd.InheritedFlags() // adds them
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && f.Name != "version" && f.Name != configFlag && !f.Hidden {
			visit(f)
		}
	})
}

// files are where settings are looked for, the strongest first. named: somebody says so.
func files(root *cobra.Command) (list []string, named bool) {
	if name := cmp.Or(root.PersistentFlags().Lookup(configFlag).Value.String(), os.Getenv(variable+"CONFIG")); name != "" {
		return []string{name}, true
	}
	if folder, err := os.UserConfigDir(); err == nil {
		list = append(list, filepath.Join(folder, "semirest", "semirest.yaml"))
	}
	return append(list, "/etc/semirest/semirest.yaml"), false
}

// load reads the environment and the files, the strongest first, and refuses keys that no
// command has.
func load(cmd *cobra.Command) ([]layer, error) {
	k := known(cmd.Root())
	e := layer{keys: koanf.New(".")}
	err := e.keys.Load(env.Provider(".", env.Opt{Prefix: variable, TransformFunc: func(name, value string) (string, any) {
		return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, variable)), "_", "-"), value
	}}), nil)
	if err != nil {
		return nil, fmt.Errorf("the environment: %w", err)
	}
	for _, key := range e.keys.Keys() {
		if near, off := k.nearest(key, k.flags()); key != configFlag && off == 1 {
			return nil, fmt.Errorf("$%s is no setting: is it $%s?", variableOf(key), variableOf(near))
		}
	}
	layers := []layer{e}
	list, named := files(cmd.Root())
	for _, name := range list {
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) && !named {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the settings: %w", err)
		}
		f := layer{name, koanf.New("\x00")} // no key is parted
		if err := f.keys.Load(rawbytes.Provider(text), yaml.Parser()); err != nil {
			return nil, fmt.Errorf("the settings in %s: %w", name, err)
		}
		if err := k.check(name, f.keys.Raw()); err != nil {
			return nil, err
		}
		layers = append(layers, f)
	}
	return layers, nil
}

// variableOf is a flag's variable.
func variableOf(flag string) string {
	return variable + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// said is a value and where it is from.
type said struct {
	values []string
	from   string
	narrow bool // it stands in a command's section
}

// lookup finds a flag's value for a command; nil: nothing says it.
func lookup(layers []layer, cmd *cobra.Command, f *pflag.Flag) (*said, error) {
	_, list := f.Value.(pflag.SliceValue)
	for _, l := range layers {
		if l.from == "" {
			if v, ok := l.keys.Get(f.Name).(string); ok {
				values := []string{v}
				if list {
					values = strings.Split(v, ",")
				}
				return &said{values: values, from: "$" + variableOf(f.Name)}, nil
			}
			continue
		}
		raw := l.keys.Raw()
		own, _ := raw[section(cmd).Name()].(map[string]any)
		for _, from := range []struct {
			key    string
			value  any
			narrow bool
		}{{section(cmd).Name() + ": " + f.Name, own[f.Name], true}, {f.Name, raw[f.Name], false}} {
			switch v := from.value.(type) {
			case nil, map[string]any: // a section of that name
				continue
			case []any:
				if !list {
					return nil, fmt.Errorf("the settings in %s: %s is a list, and takes one value", l.from, from.key)
				}
				values := []string{}
				for _, x := range v {
					values = append(values, fmt.Sprint(x))
				}
				return &said{values, l.from, from.narrow}, nil
			default:
				return &said{[]string{fmt.Sprint(v)}, l.from, from.narrow}, nil
			}
		}
	}
	return nil, nil
}

// fill gives the flags of a command that nobody typed their values, and says where each is
// from that has one.
func fill(cmd *cobra.Command, layers []layer) (map[string]said, error) {
	from := map[string]said{}
	var errs []error
	flagsOf(cmd, func(f *pflag.Flag) {
		if f.Changed {
			from[f.Name] = said{from: "flag"}
			return
		}
		v, err := lookup(layers, cmd, f)
		if err != nil {
			errs = append(errs, err)
		}
		if v == nil {
			return
		}
		from[f.Name] = *v
		for _, value := range v.values {
			if err := cmd.Flags().Set(f.Name, value); err != nil {
				errs = append(errs, fmt.Errorf("the settings in %s: %w", v.from, err))
			}
		}
	})
	return from, errors.Join(errs...)
}
