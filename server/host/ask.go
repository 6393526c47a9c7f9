package host

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Running tells whether the program that answers at address is this one.
func Running(ctx context.Context, address string) bool {
	var v struct {
		Version  string `json:"version"`
		Protocol int    `json:"protocol"`
	}
	return Ask(ctx, address+"/api/v1/version", &v) == nil && v.Version != "" && v.Protocol > 0
}

// Ask asks a server on this machine for five seconds at most, and reads its JSON into v unless that is nil.
func Ask(ctx context.Context, url string, v any) error {
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
