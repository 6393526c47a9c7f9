package nets

import (
	"encoding/binary"

	"semirest/models/graph"
)

// Exact sharing between sliding windows. A Swin's attention windows are Window cells wide
// and sliding windows step by as much, so many attention windows hold the same tokens
// in several sliding windows. They are found by name before anything is computed:
//
//   - before the first block, a token's name is its cell;
//   - an attention window is the names of its tokens and its region mask; equal ones are
//     computed once, and their results are new tokens, named anew;
//   - so a window's names after a block say all that its tokens depend on: two windows
//     share a token exactly where the numbers would be equal.
//
// The first block shares most; each further one mixes in what only some windows see. On
// a 64x64 map with 25 windows of 32, the blocks compute 64, 144, 256 and 400
// attention windows in the place of 400 each.

// table numbers distinct groups of names.
type table struct {
	ids     map[string]int
	members []int // the groups' names, one group after the other
	kinds   []int // a kind a group
}

func newTable() *table { return &table{ids: map[string]int{}} }

func (t *table) len() int { return len(t.kinds) }

// id numbers a group of names of some kind: an old number for an old group.
func (t *table) id(names []int, kind int) int {
	key := make([]byte, 0, 4*len(names)+4)
	key = binary.LittleEndian.AppendUint32(key, uint32(kind))
	for _, name := range names {
		key = binary.LittleEndian.AppendUint32(key, uint32(name))
	}
	id, ok := t.ids[string(key)]
	if !ok {
		id = t.len()
		t.ids[string(key)] = id
		t.members = append(t.members, names...)
		t.kinds = append(t.kinds, kind)
	}
	return id
}

// edge kinds number the four region masks of a shifted window.
func (e edge) kind() int {
	k := 0
	if e.bottom {
		k += 2
	}
	if e.right {
		k++
	}
	return k
}

var edgeKinds = [4]edge{{}, {right: true}, {bottom: true}, {bottom: true, right: true}}

// plan finds the attention windows that block i computes and renames each window's
// tokens. tokens is [windows][mu*mu] names before the block; the table's members are the
// names [groups*size] that the block gathers, and the new tokens, as large as the old ones,
// number its results: token k of group g is g*size + k.
func (s Swin) plan(i int, tokens [][]int) (*table, [][]int) {
	size, side := s.Window*s.Window, s.Map/s.Window
	order := windowOrder(s.Map, s.Window, s.shift(i))
	groups := newTable()
	renamed := make([][]int, len(tokens))
	names := make([]int, size)
	for w, old := range tokens {
		renamed[w] = make([]int, len(old))
		for g := range side * side {
			cells := order[g*size : (g+1)*size]
			for k, cell := range cells {
				names[k] = old[cell]
			}
			kind := 0
			if s.shift(i) > 0 {
				kind = edges(g, side).kind()
			}
			id := groups.id(names, kind)
			for k, cell := range cells {
				renamed[w][cell] = id*size + k
			}
		}
	}
	return groups, renamed
}

// shared computes the logits of all sliding windows over r [n, cells, d]: [n, tokens, 2],
// and the name of the token in each cell of each window.
func (s Swin) shared(b *graph.Builder, src graph.Source, r *graph.Value, tokens [][]int) (*graph.Value, [][]int) {
	size := s.Window * s.Window
	p := resolve(s.Params(), src)
	x := s.embed(b, p, r) // [n, cells, width]: a token a cell, whichever windows it is in
	for i := range s.Depth {
		var groups *table
		groups, tokens = s.plan(i, tokens)
		x = take(b, x, groups.members) // [n, groups*size, width]
		a := attend{heads: s.Heads, groups: groups.len(), bias: s.bias(b, p, i)}
		if s.shift(i) > 0 {
			var masks []float32
			for _, e := range edgeKinds {
				masks = append(masks, s.mask(e)...)
			}
			a.mask = b.Take(b.F32("", masks, len(edgeKinds), 1, size, size), 0, groups.kinds...)
		}
		x = p.block(b, blockName(i), x, a, blockPath{})
	}
	return s.classify(b, p, x), tokens
}
