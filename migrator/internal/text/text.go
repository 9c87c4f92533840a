package text

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxListed is the number of items that List spells out.
const MaxListed = 8

// Count returns a number with its noun: "1 step", "2 steps", "0 steps".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// Named returns an id with its message, if there is one: "433af9f41996 (create account table)".
func Named(id, message string) string {
	if message == "" {
		return id
	}
	return id + " (" + message + ")"
}

// List joins items as in a sentence: "a", "a and b", "a, b and c". Items after the first
// MaxListed are counted: "a, b, … and 2 more". It returns "" for an empty list.
func List(items []string, conjunction string) string {
	return ListFirst(items, len(items), conjunction)
}

// ListFirst is List for n items of which only the first are given, at least MaxListed of them if there are as many.
func ListFirst(items []string, n int, conjunction string) string {
	if more := n - MaxListed; more > 0 {
		return fmt.Sprintf("%s %s %d more", strings.Join(items[:MaxListed], ", "), conjunction, more)
	}
	if n < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " " + conjunction + " " + items[last]
}

const (
	minPart = 4  // length from which a part of a word identifies it
	maxWord = 64 // longest known word that is compared letter by letter
)

// Nearest returns the known word that was most likely meant by an unknown one, or "" when
// none is similar. Case does not count, and "-", "_" and space are the same. In order of
// preference it returns
//   - the known word with the fewest typing mistakes (see distance), the first of several;
//   - the longest known word that is contained in word, as an id is in a file name;
//   - the only known word that contains word.
//
// Parts of less than four characters do not count as contained.
func Nearest(word string, known []string) string {
	word = normalize(word)
	if len(word) > 3*maxWord {
		return ""
	}
	contained, similar, container, containers := "", "", "", 0
	least := min(len(word)/3, 3) + 1
	for _, original := range known {
		w := normalize(original)
		switch {
		case len(w) >= minPart && len(w) > len(contained) && strings.Contains(word, w):
			contained = original
		case len(word) >= minPart && strings.Contains(w, word):
			container = original
			containers++
		}
		if len(w) > maxWord || max(len(w)-len(word), len(word)-len(w)) >= least {
			continue
		}
		if d := distance(word, w); d < least && d <= len(w)/2 {
			similar, least = original, d
		}
	}
	switch {
	case similar != "":
		return similar
	case contained != "":
		return contained
	case containers == 1:
		return container
	}
	return ""
}

var separators = strings.NewReplacer("-", "_", " ", "_")

func normalize(word string) string { return separators.Replace(strings.ToLower(word)) }

// distance returns the number of bytes to insert, delete, replace or swap with their
// neighbour that turns a into b (the optimal string alignment distance). b has at most
// maxWord bytes.
func distance(a, b string) int {
	var rows [3][maxWord + 1]int
	beforeLast, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
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
				row[j+1] = min(row[j+1], beforeLast[j-1]+1)
			}
		}
		beforeLast, last, row = last, row, beforeLast
	}
	return last[len(b)]
}
