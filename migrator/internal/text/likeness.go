package text

// Likeness returns how much alike two names are, from 0 to 1: the share of their letters that they have in the same order. Case
// does not count.
func Likeness(a, b string) float64 {
	a, b = normalize(a), normalize(b)
	if a == b {
		return 1
	}
	last, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for i := range len(a) {
		for j := range len(b) {
			if row[j+1] = max(last[j+1], row[j]); a[i] == b[j] {
				row[j+1] = last[j] + 1
			}
		}
		last, row = row, last
	}
	return 2 * float64(last[len(b)]) / float64(len(a)+len(b))
}
