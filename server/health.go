package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"semirest/server/host"
)

func newHealthCmd() *cobra.Command {
	var addr string
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask whether a server runs here",
		Long: `Asks the server on this machine whether it runs, and fails where it does not
answer within five seconds: for containers and supervisors, which have no other
client.`,
		Example: "  semirest health --addr localhost:8080",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			address := host.Address(addr, addr)
			if err := host.Ask(cmd.Context(), address+"/healthz", nil); err != nil {
				return fmt.Errorf("no server runs at %s: %w", address, err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), "it runs")
			return nil
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "localhost:8080", "address that the server listens on, as given to serve")
	return cmd
}
