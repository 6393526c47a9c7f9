package bench

import (
	"testing"

	"semirest/shared/prep"
)

func TestManyClientsOverLoopback(t *testing.T) {
	r, err := Load{Clients: 10, Rate: 20, Seconds: 0.5, Input: prep.Size{W: 64, H: 64}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r.Errors != 0 || r.Crops < 50 || r.P95 <= 0 || r.P95 < r.P50 || r.MemoryHighest < r.MemoryBefore {
		t.Errorf("%+v", r)
	}
}
