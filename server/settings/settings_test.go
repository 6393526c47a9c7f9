package settings

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// program is a program of two commands, one with a command below, and what ran in it.
type program struct {
	root  *cobra.Command
	addr  string
	queue int
	model []string
	dir   string
	admin bool
}

func newProgram() *program {
	p := &program{root: &cobra.Command{Use: "semirest", SilenceErrors: true, SilenceUsage: true}}
	run := func(*cobra.Command, []string) error { return nil }
	serve := &cobra.Command{Use: "serve", Short: "Serve", RunE: run}
	serve.Flags().StringVar(&p.addr, "addr", "localhost:8080", "address")
	serve.Flags().IntVar(&p.queue, "queue", 64, "crops that wait")
	serve.Flags().StringArrayVar(&p.model, "model", nil, "models")
	serve.Flags().StringVar(&p.dir, "data-dir", "", "folder")
	user := &cobra.Command{Use: "user", Short: "People", RunE: run}
	user.PersistentFlags().StringVar(&p.dir, "data-dir", "", "folder")
	add := &cobra.Command{Use: "add", RunE: run}
	add.Flags().BoolVar(&p.admin, "admin", false, "may everything")
	user.AddCommand(add)
	p.root.AddCommand(serve, user)
	Bind(p.root)
	return p
}

// run runs a command line where the user's own settings file holds text.
func (p *program) run(t *testing.T, text string, args ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	t.Setenv("HOME", dir)
	t.Setenv("AppData", dir)
	folder, err := os.UserConfigDir()
	err = errors.Join(err, os.MkdirAll(filepath.Join(folder, "semirest"), 0o700), os.WriteFile(filepath.Join(folder, "semirest", "semirest.yaml"), []byte(text), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	p.root.SetOut(&out)
	p.root.SetErr(io.Discard)
	p.root.SetArgs(args)
	err = p.root.ExecuteContext(t.Context())
	return strings.ReplaceAll(out.String(), folder, "FOLDER"), err
}

// TestWhatCountsMost: a flag before the environment before the file, a section before the
// top of the file.
func TestWhatCountsMost(t *testing.T) {
	const file = "queue: 1\naddr: top\nserve:\n  addr: section\n  model: [a, b]\n"
	for name, c := range map[string]struct {
		file, variable, value string
		args                  []string
		addr                  string
		queue                 int
		model                 []string
	}{
		"nothing said":         {"", "", "", []string{"serve"}, "localhost:8080", 64, nil},
		"an empty section":     {"serve:\n", "", "", []string{"serve"}, "localhost:8080", 64, nil},
		"the file":             {file, "", "", []string{"serve"}, "section", 1, []string{"a", "b"}},
		"the environment":      {file, "SEMIREST_ADDR", "variable", []string{"serve"}, "variable", 1, []string{"a", "b"}},
		"a flag":               {file, "SEMIREST_ADDR", "variable", []string{"serve", "--addr", "flag"}, "flag", 1, []string{"a", "b"}},
		"a list in a variable": {file, "SEMIREST_MODEL", "c,d,e", []string{"serve"}, "section", 1, []string{"c", "d", "e"}},
		"a list of one":        {"model: a\n", "", "", []string{"serve"}, "localhost:8080", 64, []string{"a"}},
		"another's variable":   {"", "SEMIREST_PORT", "tcp://10.0.0.1", []string{"serve"}, "localhost:8080", 64, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if c.variable != "" {
				t.Setenv(c.variable, c.value)
			}
			p := newProgram()
			_, err := p.run(t, c.file, c.args...)
			if err != nil || p.addr != c.addr || p.queue != c.queue || !slices.Equal(p.model, c.model) {
				t.Errorf("%q %d %q: %v", p.addr, p.queue, p.model, err)
			}
		})
	}
}

// TestNamedFile: the file of --config or of the environment takes the place of the others,
// reaches commands below others, and must be there.
func TestNamedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(path, []byte("data-dir: /mine\nuser: {admin: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newProgram()
	if _, err := p.run(t, "addr: [broken", "user", "add", "--config", path); err != nil || p.dir != "/mine" || !p.admin {
		t.Errorf("%q %v: %v", p.dir, p.admin, err)
	}
	t.Setenv("SEMIREST_CONFIG", path)
	if _, err := p.run(t, "addr: [broken", "serve"); err != nil || p.dir != "/mine" {
		t.Errorf("%q: %v", p.dir, err)
	}
	if _, err := newProgram().run(t, "", "serve", "--config", path+"x"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestWrongSettings: what is mistyped is an error that says where and what is near.
func TestWrongSettings(t *testing.T) {
	for _, c := range []struct{ file, variable, want string }{
		{"serve:\n  adr: x\n", "", "FOLDER/semirest/semirest.yaml: serve: adr is no setting: the nearest is addr"},
		{"serve:\n  admin: true\n", "", "serve: admin is no setting: the nearest is addr"},
		{"quue: 1\n", "", "quue is no setting: the nearest is queue"},
		{"serv:\n  addr: x\n", "", "serv is no setting: the nearest is serve"},
		{"queue: many\n", "", `invalid argument "many" for "--queue" flag`},
		{"queue: [1, 2]\n", "", "queue is a list, and takes one value"},
		{"a: b: c\n", "", "FOLDER/semirest/semirest.yaml"},
		{"- a\n", "", "FOLDER/semirest/semirest.yaml"},
		{"queue: 1\nqueue: 2\n", "", "already defined"},
		{"", "SEMIREST_ADR", "$SEMIREST_ADR is no setting: is it $SEMIREST_ADDR?"},
		{"", "SEMIREST_QUEUE", "the settings in $SEMIREST_QUEUE: invalid argument"},
	} {
		t.Run(c.file+c.variable, func(t *testing.T) {
			if c.variable != "" {
				t.Setenv(c.variable, "x")
			}
			for _, args := range [][]string{{"serve"}, {"config"}} {
				_, err := newProgram().run(t, c.file, args...)
				folder, _ := os.UserConfigDir()
				if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), folder, "FOLDER"), c.want) {
					t.Errorf("%v: %v, want %s", args, err, c.want)
				}
			}
		})
	}
}

// TestConfigPrints the file of all that is in force, which read back says the same.
func TestConfigPrints(t *testing.T) {
	t.Setenv("SEMIREST_QUEUE", "9")
	got, err := newProgram().run(t, "data-dir: /d\nserve:\n  model: [a b, c]\n", "config")
	const want = `# The settings of semirest; see semirest config --help.
# read: FOLDER/semirest/semirest.yaml
# folder
data-dir: "/d"  # FOLDER/semirest/semirest.yaml

# semirest serve: Serve
serve:
  # address
  #addr: "localhost:8080"  # default
  # models
  model: ["a b", "c"]  # FOLDER/semirest/semirest.yaml
  # crops that wait
  queue: 9  # $SEMIREST_QUEUE

# semirest user: People
user:
  # may everything
  #admin: false  # default
`
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	os.Unsetenv("SEMIREST_QUEUE")
	p := newProgram()
	if _, err := p.run(t, got, "serve"); err != nil || p.dir != "/d" || p.queue != 9 || !slices.Equal(p.model, []string{"a b", "c"}) {
		t.Errorf("%+v %v", p, err)
	}
	got, err = newProgram().run(t, "", "config", "serve", "--addr", ":9")
	if err != nil || !strings.Contains(got, "addr: \":9\"  # flag\n") || strings.Contains(got, "user") {
		t.Errorf("%v\n%s", err, got)
	}
}
