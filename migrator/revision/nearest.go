package revision

import "strings"

// nearest finds the word that somebody who typed something else most likely meant, ""
// when nothing is near. Ties go to the word that stands first.
func nearest(typed string, words []string) string {
	typed = strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(typed))
	if len(typed) > 64 {
		return ""
	}
	best, least := "", 0
	for _, word := range words {
		d := distance(typed, word)
		if d <= max(len(typed), len(word))/3 && (best == "" || d < least) {
			best, least = word, d
		}
	}
	if best != "" || len(typed) < 4 {
		return best
	}
	for _, word := range words {
		if strings.Contains(word, typed) {
			if best != "" {
				return "" // "timeout" may be either
			}
			best = word
		}
	}
	return best
}

// distance counts the bytes to insert, leave out, replace or swap with their neighbour.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
