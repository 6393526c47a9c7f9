package keep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"semirest/server/format/codecs"
	"semirest/server/meter"
	"semirest/server/project"
	"semirest/server/store"
)

// Commands are backup, restore and project. version is the program's.
func Commands(version string) []*cobra.Command {
	return []*cobra.Command{newBackup(version), newRestore(), newProject()}
}

func newBackup(version string) *cobra.Command {
	var o Folders
	cmd := &cobra.Command{
		Use:   "backup DIR|FILE.zip",
		Short: "Copy all projects, accounts and models to another place",
		Long: `Copies what a server keeps, as it is at one moment, also while the server works:
projects with pictures, labels and their history, models, accounts. A folder
that holds a backup already becomes the present one, and only what is new is
copied; a zip is written whole. semirest restore makes a folder of projects of
either. Checkpoints of a training that runs are not in it.`,
		Example: "  semirest backup /mnt/disk/semirest\n  semirest backup semirest-monday.zip",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(ctx context.Context, s *store.Store, _ string) error {
				progress := meter.New(cmd.ErrOrStderr())
				m, err := Backup(ctx, s, args[0], version, func(done, total int) { progress.Show("copy", done, total) })
				progress.Close()
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: the database and %d files\n", args[0], m.Files)
				if len(m.Damaged) > 0 {
					return fmt.Errorf("%d files are damaged or missing here and are not in the backup, which is whole but for them: the first is %s", len(m.Damaged), m.Damaged[0])
				}
				return nil
			})
		},
	}
	o.Flags(cmd.Flags())
	return cmd
}

func newRestore() *cobra.Command {
	var o Folders
	cmd := &cobra.Command{
		Use:   "restore DIR|FILE.zip",
		Short: "Make a folder of projects of a backup",
		Long: `Makes the folder that --projects names, which must be empty or not there, of what
semirest backup wrote. Every file is held against its checksum, and the folder is
made whole or not at all. A backup of an older version is brought up to this one.`,
		Example: "  semirest restore /mnt/disk/semirest --projects projects",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Database != "" || o.Files != "" {
				return usagef("restore makes one folder of projects: leave --database and --files out")
			}
			dir, err := o.dir()
			if err != nil {
				return err
			}
			progress := meter.New(cmd.ErrOrStderr())
			m, err := Restore(cmd.Context(), args[0], dir, func(done, total int) { progress.Show("copy", done, total) })
			progress.Close()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: as it was at %s, with %d files\n", dir, m.Made.Local().Format("2006-01-02 15:04"), m.Files)
			if len(m.Damaged) > 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "%d files were damaged when the backup was made, and are not there\n", len(m.Damaged))
			}
			return nil
		},
	}
	o.Flags(cmd.Flags())
	return cmd
}

func newProject() *cobra.Command {
	var o Folders
	cmd := &cobra.Command{
		Use:   "project",
		Short: "List, export, import and delete projects",
		Long: `Works on a server's projects, also while the server runs, but for delete. P is a
project's name or its ID. The format project is everything, which becomes a project
of its own when it is imported; the others are those of other programs.`,
		Example: "  semirest project list\n  semirest project export bottles --out bottles.zip\n  semirest project import labels.zip --format coco --into bottles",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	o.Flags(cmd.PersistentFlags())

	list := &cobra.Command{
		Use: "list", Short: "List the projects", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.with(cmd, func(ctx context.Context, s *store.Store, dir string) error {
				return List(ctx, s, dir, cmd.OutOrStdout())
			})
		},
	}

	var format, out, into string
	var force, yes bool
	export := &cobra.Command{
		Use: "export P", Short: "Write a project as a zip", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Stat(out); err == nil && !force {
				return usagef("%s is there already: give another name, or --force to write over it", out)
			}
			return o.with(cmd, func(ctx context.Context, s *store.Store, _ string) error {
				p, err := Find(ctx, s, args[0])
				if err == nil {
					err = exportTo(ctx, s, p, format, out)
				}
				if err == nil {
					fmt.Fprintf(cmd.OutOrStdout(), "%s: project %s\n", out, p.Name)
				}
				return err
			})
		},
	}
	export.Flags().StringVar(&out, "out", "", "zip to write")
	export.Flags().BoolVar(&force, "force", false, "write over what is there already")
	_ = export.MarkFlagRequired("out")

	imports := &cobra.Command{
		Use: "import FILE", Short: "Read a project, or pictures and labels, from a zip", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(ctx context.Context, s *store.Store, _ string) error {
				return importFrom(ctx, s, args[0], format, into, cmd.OutOrStdout())
			})
		},
	}
	imports.Flags().StringVar(&into, "into", "", "project that pictures and labels of other programs go into; made where there is none of this name")
	for _, c := range []*cobra.Command{export, imports} {
		c.Flags().StringVar(&format, "format", project.WholeFormat, strings.Join(formats(), ", "))
	}

	deletes := &cobra.Command{
		Use: "delete P", Short: "Delete a project with its pictures, labels and models; the server must be stopped", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(ctx context.Context, s *store.Store, dir string) error {
				p, err := Find(ctx, s, args[0])
				if err != nil {
					return err
				}
				if !yes {
					return usagef("project %s (%s) would be gone for good: say --yes, and semirest project export first where you may want it back", p.Name, p.ID)
				}
				if err := remove(ctx, s, dir, p); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "project %s (%s) is deleted\n", p.Name, p.ID)
				return nil
			})
		},
	}
	deletes.Flags().BoolVar(&yes, "yes", false, "delete it without being asked")
	cmd.AddCommand(list, export, imports, deletes)
	return cmd
}

// with opens the store that the flags name for as long as use runs.
func (o Folders) with(cmd *cobra.Command, use func(ctx context.Context, s *store.Store, dir string) error) (err error) {
	s, dir, err := o.OpenExisting(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return use(cmd.Context(), s, dir)
}

// formats are the names of what projects are written and read in.
func formats() []string {
	names := []string{project.WholeFormat}
	for _, f := range codecs.Formats() {
		names = append(names, f.Name)
	}
	return names
}
