package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/user"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"semirest/server/account"
	"semirest/server/keep"
	"semirest/server/project"
)

// userOptions are the flags of semirest user and its commands.
type userOptions struct {
	folders      keep.Folders
	passwordFile string
	admin        bool
	json         bool
}

func newUserCmd() *cobra.Command {
	var o userOptions
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Give people accounts of semirest serve --auth",
		Long: `Adds, lists and changes the accounts with which people sign in to a server
that was started with --auth. It works on the server's database, also while the
server runs: give the same --projects or --database.

A password is asked for at the terminal, or read from a file or a pipe; it is
never an argument, which other users of the machine could see.`,
		Example: "  semirest user add anna --admin\n  semirest user add karl --password-file karl.txt\n  semirest user block karl",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	o.folders.Flags(cmd.PersistentFlags())

	add := userCmd(&o, "add NAME", "Make an account", func(ctx context.Context, a *account.Accounts, name string, cmd *cobra.Command) error {
		if _, err := account.UserName(name); err != nil {
			return usageError{err}
		}
		password, err := account.ReadPassword(ctx, cmd.InOrStdin(), cmd.ErrOrStderr(), o.passwordFile)
		if err != nil {
			return err
		}
		u, err := a.AddUser(ctx, name, password, o.admin)
		if errors.Is(err, project.ErrExists) {
			return fmt.Errorf("there is an account %q already; semirest user passwd gives it another password", name)
		}
		if err != nil {
			return err
		}
		return noted(ctx, a, cmd, "add user", u, userState(u))
	})
	add.Flags().BoolVar(&o.admin, "admin", false, "may everything in all projects, and makes accounts")
	passwordFlag(add.Flags(), &o)

	passwd := userCmd(&o, "passwd NAME", "Give a person another password, and sign them out everywhere", func(ctx context.Context, a *account.Accounts, name string, cmd *cobra.Command) error {
		u, err := called(ctx, a, name)
		if err != nil {
			return err
		}
		password, err := account.ReadPassword(ctx, cmd.InOrStdin(), cmd.ErrOrStderr(), o.passwordFile)
		if err != nil {
			return err
		}
		if u, err = a.ChangeUser(ctx, u.ID, project.UserChange{Password: &password}); err != nil {
			return err
		}
		return noted(ctx, a, cmd, "set password", u, userState(u))
	})
	passwordFlag(passwd.Flags(), &o)

	list := &cobra.Command{
		Use: "list", Short: "List the accounts", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.with(cmd, func(ctx context.Context, a *account.Accounts) error {
				return listUsers(ctx, a, o.json, cmd.OutOrStdout())
			})
		},
	}
	list.Flags().BoolVar(&o.json, "json", false, "as JSON")

	remove := userCmd(&o, "delete NAME", "Delete an account with its rights, sessions and tokens; what the person did stays", func(ctx context.Context, a *account.Accounts, name string, cmd *cobra.Command) error {
		u, err := called(ctx, a, name)
		if err != nil {
			return err
		}
		if err := a.DeleteUser(ctx, u.ID); err != nil {
			return err
		}
		return noted(ctx, a, cmd, "delete user", u, "deleted")
	})

	cmd.AddCommand(add, list, passwd, remove,
		userCmd(&o, "block NAME", "Let a person in no more: ends their sessions and tokens", blockUser(true, "block user")),
		userCmd(&o, "unblock NAME", "Let a blocked person in again", blockUser(false, "unblock user")))
	return cmd
}

// userCmd is a command about one person.
func userCmd(o *userOptions, use, short string, run func(ctx context.Context, a *account.Accounts, name string, cmd *cobra.Command) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(ctx context.Context, a *account.Accounts) error { return run(ctx, a, args[0], cmd) })
		},
	}
}

func passwordFlag(f *pflag.FlagSet, o *userOptions) {
	f.StringVar(&o.passwordFile, "password-file", "", "file whose first line is the password; - for standard input (default: asked for at the terminal)")
}

// with opens the accounts that the flags name for as long as use runs.
func (o *userOptions) with(cmd *cobra.Command, use func(ctx context.Context, a *account.Accounts) error) (err error) {
	ctx := cmd.Context()
	s, _, err := o.folders.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	a, err := account.New(s, account.Options{Enabled: true})
	if err != nil {
		return err
	}
	return use(ctx, a)
}

// called finds a person whom the command line names.
func called(ctx context.Context, a *account.Accounts, name string) (project.User, error) {
	u, err := a.UserCalled(ctx, name)
	if errors.Is(err, project.ErrNotFound) {
		return u, fmt.Errorf("nobody is called %q; semirest user list lists who there is", name)
	}
	return u, err
}

func blockUser(blocked bool, action string) func(ctx context.Context, a *account.Accounts, name string, cmd *cobra.Command) error {
	return func(ctx context.Context, a *account.Accounts, name string, cmd *cobra.Command) error {
		u, err := called(ctx, a, name)
		if err != nil {
			return err
		}
		if u, err = a.ChangeUser(ctx, u.ID, project.UserChange{Blocked: &blocked}); err != nil {
			return err
		}
		return noted(ctx, a, cmd, action, u, userState(u))
	}
}

// noted writes to the audit log what the command did, and says it.
func noted(ctx context.Context, a *account.Accounts, cmd *cobra.Command, action string, u project.User, now string) error {
	by := "command line"
	if who, err := user.Current(); err == nil {
		by += " of " + who.Username
	}
	if err := a.Record(ctx, project.Event{User: by, Action: action, Object: u.Name}); err != nil {
		return fmt.Errorf("%s %s is done, but the audit log cannot be written: %w", action, u.Name, err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", u.Name, now)
	return nil
}

func userState(u project.User) string {
	switch {
	case u.Blocked:
		return "blocked"
	case u.Admin:
		return "admin of the server"
	}
	return "may what projects allow"
}

func listUsers(ctx context.Context, a *account.Accounts, asJSON bool, out io.Writer) error {
	users, err := a.Users(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(out, map[string]any{"users": append([]project.User{}, users...)})
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, u := range users {
		fmt.Fprintf(w, "%s\t%s\t%s\n", u.Name, userState(u), u.Created.Format(time.DateOnly))
	}
	return w.Flush()
}
