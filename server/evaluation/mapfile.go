package evaluation

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"semirest/shared/block"
)

// A kept map's file, little endian:
//
//	"SRM" and one byte: the version, 1
//	rows, cols, pixels of a block  uint16 each
//	rows*cols scores               float32
//
// It can always be computed again, so one that does not read is none.
const mapHead = 4 + 3*2

func writeMap(path string, s block.Scores) error {
	b := make([]byte, 0, mapHead+4*len(s.Values))
	b = append(b, 'S', 'R', 'M', 1)
	for _, n := range []int{s.Rows, s.Cols, s.Size} {
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
	}
	for _, v := range s.Values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return Keep(path, b)
}

// Keep writes a file that can be computed again, whole or not at all; its folder is
// made where it is not there. It is therefore not synced.
func Keep(path string, b []byte) error {
	dir := filepath.Dir(path)
	err := os.MkdirAll(dir, 0o755)
	if err != nil {
		return fmt.Errorf("evaluation: %w", err)
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return fmt.Errorf("evaluation: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("evaluation: %w", err)
	}
	return nil
}

var errMap = errors.New("evaluation: not a kept map")

func readMap(path string) (block.Scores, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return block.Scores{}, err
	}
	if len(b) < mapHead || string(b[:4]) != "SRM\x01" {
		return block.Scores{}, errMap
	}
	at := func(i int) int { return int(binary.LittleEndian.Uint16(b[4+2*i:])) }
	g := block.Grid{Rows: at(0), Cols: at(1), Size: at(2)}
	if g.Len() == 0 || len(b) != mapHead+4*g.Len() {
		return block.Scores{}, errMap
	}
	s := block.NewScores(g)
	for i := range s.Values {
		v := math.Float32frombits(binary.LittleEndian.Uint32(b[mapHead+4*i:]))
		if v != v {
			return block.Scores{}, errMap
		}
		s.Values[i] = v
	}
	return s, nil
}
