package annot

// order sorts n things by Shell's method with Ciura's gaps: less compares the
// things at two places, swap exchanges them. The order of equal ones is left
// open. The sorts of package slices are quicker on long lists, but each costs
// the browser's client kilobytes for every type they sort.
func order(n int, less func(i, j int) bool, swap func(i, j int)) {
	for _, gap := range [...]int{7983, 3548, 1577, 701, 301, 132, 57, 23, 10, 4, 1} {
		for i := gap; i < n; i++ {
			for j := i; j >= gap && less(j, j-gap); j -= gap {
				swap(j, j-gap)
			}
		}
	}
}
