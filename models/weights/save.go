package weights

import (
	"fmt"
	"io"

	"semirest/shared/durable"
)

// Save writes the set to path, whole or not at all.
func Save(path string, s *Set) error {
	if err := durable.Replace(path, func(w io.Writer) error { return Write(w, s) }); err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	return nil
}
