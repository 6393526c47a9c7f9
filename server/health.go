package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
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
			address := pageAddress(addr, addr)
			if err := fetchJSON(cmd.Context(), address+"/healthz", nil); err != nil {
				return fmt.Errorf("no server runs at %s: %w", address, err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), "it runs")
			return nil
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "localhost:8080", "address that the server listens on, as given to serve")
	return cmd
}

// running tells whether the program that answers at address is this one.
func running(ctx context.Context, address string) bool {
	var v struct {
		Version  string `json:"version"`
		Protocol int    `json:"protocol"`
	}
	return fetchJSON(ctx, address+"/api/v1/version", &v) == nil && v.Version != "" && v.Protocol > 0
}

// fetchJSON asks a server on this machine, and reads its answer into v unless that is nil.
func fetchJSON(ctx context.Context, url string, v any) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	if v == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(v)
}
