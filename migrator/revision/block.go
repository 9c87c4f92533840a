package revision

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// largeObjectBlock recognizes what pg_dump writes around the calls that load a large object, because their descriptors
// end with the transaction: BEGIN, calls of lo_open, lowrite and lo_close, and COMMIT. In a transactional script these two
// are neither refused nor sent.
type largeObjectBlock struct {
	open  bool // after BEGIN
	calls bool // after a call
}

// add adds a statement. part reports whether it belongs to a block, broken that the last BEGIN did not begin one.
func (b *largeObjectBlock) add(src string, st sqltext.Statement) (part, broken bool) {
	control := st.Class == sqltext.TransactionControl
	switch {
	case control && strings.EqualFold(src[st.Start:st.End], "BEGIN"):
		broken = b.open
		*b = largeObjectBlock{open: true}
		return true, broken
	case !b.open:
		return false, false
	case sqltext.IsLargeObjectCall(src, st):
		b.calls = true
		return true, false
	case control && b.calls && strings.EqualFold(src[st.Start:st.End], "COMMIT"):
		*b = largeObjectBlock{}
		return true, false
	}
	*b = largeObjectBlock{}
	return false, true
}

// withoutBlocks returns the statements without the BEGIN and COMMIT around large objects.
func withoutBlocks(src string, statements []sqltext.Statement) []sqltext.Statement {
	isControl := func(st sqltext.Statement) bool { return st.Class == sqltext.TransactionControl }
	if !slices.ContainsFunc(statements, isControl) {
		return statements
	}
	var b largeObjectBlock
	var kept []sqltext.Statement
	begin := -1 // in kept
	for _, st := range statements {
		part, _ := b.add(src, st)
		switch {
		case part && b.open && !b.calls:
			begin = len(kept)
		case part && !b.open: // the COMMIT
			kept = slices.Delete(kept, begin, begin+1)
			continue
		}
		kept = append(kept, st)
	}
	return kept
}
