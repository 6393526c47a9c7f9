package evaluation

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"semirest/shared/block"
)

func TestMapFile(t *testing.T) {
	s := block.NewScores(block.Grid{Rows: 3, Cols: 5, Size: 16})
	for i := range s.Values {
		s.Values[i] = float32(i) / 3
	}
	path := filepath.Join(t.TempDir(), "new", "map")
	if err := writeMap(path, s); err != nil {
		t.Fatal(err)
	}
	if got, err := readMap(path); err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("%+v, %v", got, err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := [][]byte{nil, whole[:9], whole[:len(whole)-1], append([]byte("SRM\x02"), whole[4:]...), append(whole[:len(whole):len(whole)], 0)}
	nan := append([]byte(nil), whole...)
	copy(nan[mapHead:], "\x00\x00\xc0\x7f")
	for i, b := range append(broken, nan) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readMap(path); err == nil {
			t.Errorf("broken file %d gives %+v", i, got)
		}
	}
}
