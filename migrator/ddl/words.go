package ddl

import (
	"slices"
	"strings"
)

// words are the tokens of a statement that are still to be read.
type words struct{ rest []string }

// accept skips the next words if they are these.
func (w *words) accept(keywords ...string) bool {
	if len(w.rest) < len(keywords) || !slices.Equal(w.rest[:len(keywords)], keywords) {
		return false
	}
	w.rest = w.rest[len(keywords):]
	return true
}

// next skips one word, and reports whether there is another one.
func (w *words) next() bool {
	w.rest = w.rest[min(1, len(w.rest)):]
	return len(w.rest) > 0
}

// has reports whether the words that follow contain these.
func (w *words) has(keywords ...string) bool {
	for i := range w.rest {
		if rest := (words{w.rest[i:]}); rest.accept(keywords...) {
			return true
		}
	}
	return false
}

// name reads a name, which may be qualified.
func (w *words) name() string {
	var b strings.Builder
	for i, part := range w.rest {
		if i%2 == 1 && part != "." {
			w.rest = w.rest[i:]
			return b.String()
		}
		b.WriteString(part)
	}
	w.rest = nil
	return b.String()
}

// relationKind skips the words for a kind of relation.
func (w *words) relationKind() bool {
	return w.accept("TABLE") || w.accept("FOREIGN", "TABLE") || w.accept("VIEW") || w.accept("MATERIALIZED", "VIEW") || w.accept("SEQUENCE") || w.accept("INDEX")
}

// parenthesized reads a list in parentheses.
func (w *words) parenthesized() []string {
	end := slices.Index(w.rest, ")")
	if !w.accept("(") || end < 0 {
		return nil
	}
	items := w.rest[:end-1]
	w.rest = w.rest[end:]
	return items
}
