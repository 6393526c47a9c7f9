package metric

// radixSort sorts by the 32 bits from shift on, ascending and stable: three
// passes of 11 bits, 4 to 5 times faster than a comparison sort on 80 million
// pixels.
func radixSort[T uint32 | uint64](a []T, shift uint) {
	const bits, size = 11, 1 << 11
	from, to := a, make([]T, len(a))
	for pass := uint(0); pass < 3; pass++ {
		by := shift + pass*bits
		mask := T(size - 1)
		if pass == 2 {
			mask = size/2 - 1 // 10 bits are left
		}
		var count [size]int
		for _, v := range from {
			count[v>>by&mask]++
		}
		at := 0
		for i, c := range count {
			count[i] = at
			at += c
		}
		for _, v := range from {
			d := v >> by & mask
			to[count[d]] = v
			count[d]++
		}
		from, to = to, from
	}
	copy(a, from)
}

// descend visits the distinct scores of all groups from the highest down. At
// each it says how many normal and anomalous pixels have this score, and the
// sum over the latter of 1/(size of their region).
func descend(groups []*Group, visit func(normal, anomalous int, overlap float64)) {
	// heads[i] counts what is left of group i's two lists.
	type head struct{ normal, defect int }
	heads := make([]head, len(groups))
	for i, g := range groups {
		heads[i] = head{len(g.normal), len(g.defect)}
	}
	for {
		var top uint32
		left := false
		for i, g := range groups {
			if n := heads[i].normal; n > 0 {
				top, left = max(top, g.normal[n-1]), true
			}
			if n := heads[i].defect; n > 0 {
				top, left = max(top, uint32(g.defect[n-1]>>32)), true
			}
		}
		if !left {
			return
		}
		normal, anomalous, overlap := 0, 0, 0.0
		for i, g := range groups {
			n := heads[i].normal
			for n > 0 && g.normal[n-1] == top {
				n--
			}
			normal += heads[i].normal - n
			heads[i].normal = n
			n = heads[i].defect
			for n > 0 && uint32(g.defect[n-1]>>32) == top {
				overlap += 1 / float64(g.regionSize[uint32(g.defect[n-1])])
				n--
			}
			anomalous += heads[i].defect - n
			heads[i].defect = n
		}
		visit(normal, anomalous, overlap)
	}
}
