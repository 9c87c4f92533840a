package migrator

import (
	"errors"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/plan"
)

// withVerb returns a target error with the name of the operation that the user asked for,
// where it is carried out by another one. Other errors are returned as they are.
func withVerb(err error, verb Verb) error {
	e, ok := errors.AsType[*TargetError](err)
	if !ok {
		return err
	}
	named := *e
	named.Verb = string(verb)
	return &named
}

// Find gives the ids of the revisions that a target names in this status, those that
// only the ledger knows among them; none for "base". The error is a *TargetError.
func (s *Status) Find(target string) ([]string, error) {
	g, applied := s.graph()
	return g.Resolve(applied, target)
}

// Range gives the ids of a history range "a:b", parents first. The error is a
// *TargetError.
func (s *Status) Range(text string) ([]string, error) {
	g, applied := s.graph()
	return g.Range(applied, text)
}

// graph is that of all revisions of the status, with what is applied. They have been
// one graph before, so they are one again.
func (s *Status) graph() (*graph.Graph, graph.Set) {
	nodes := make([]graph.Node, len(s.Revisions))
	var applied []string
	for i, r := range s.Revisions {
		nodes[i] = graph.Node{ID: r.Revision, DownRevision: r.DownRevision, DependsOn: r.DependsOn, BranchLabels: r.BranchLabels, Unknown: r.File == ""}
		if r.State != Pending && r.Direction != plan.Up {
			applied = append(applied, r.Revision)
		}
	}
	g, _ := graph.New(nodes)
	return g, graph.NewSet(applied...)
}
