package graph

import (
	"fmt"
	"slices"

	"example.com/ambix/migrator/internal/text"
)

// operation is what the targets of a query are for, as in TargetError.Verb.
type operation string

const (
	opUp      operation = "up"
	opDown    operation = "down"
	opTo      operation = "to"
	opStamp   operation = "stamp"
	opShow    operation = "show"
	opHistory operation = "history"
	opFrom    operation = "from"
	opStart   operation = "start"
)

// offline reports whether there is no database, and therefore no current revision.
func (o operation) offline() bool { return o == opFrom || o == opStart }

// query resolves the targets of one operation on one state.
type query struct {
	*Graph
	op      operation
	applied nodeSet
	current []int32 // the maximal applied nodes, by id
	text    string  // the target that is being resolved, for errors
	// before and after surround the target where it is one end of a range.
	before, after string
	compares      bool // see downgrade
}

func (g *Graph) query(op operation, applied Set) (*query, error) {
	var missing []string
	for id := range applied {
		if _, ok := g.find(id); !ok {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		return nil, &TargetError{Kind: NotFound, Verb: string(op), Target: slices.Min(missing), Reason: "the revision is applied, but not in the graph"}
	}
	q := &query{Graph: g, op: op, applied: g.nodeSet(applied)}
	q.current = g.maximal(q.applied)
	return q, nil
}

// refuse returns an error about the target that is being resolved. The choices are
// completed to whole targets.
func (q *query) refuse(kind Kind, choices []string, reason string, args ...any) *TargetError {
	e := &TargetError{Kind: kind, Verb: string(q.op), Target: q.text, Reason: text.Visible(fmt.Sprintf(reason, args...))}
	for _, c := range choices {
		e.Choices = append(e.Choices, q.before+c+q.after)
	}
	return e
}
