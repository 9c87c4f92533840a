package cli

import (
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/graph"
)

// ancestors returns a revision and all revisions that it descends from by down_revision.
func ancestors(g *graph.Graph, id string) map[string]bool {
	seen, rest := map[string]bool{id: true}, []string{id}
	for len(rest) > 0 {
		node, _ := g.Node(rest[len(rest)-1])
		rest = rest[:len(rest)-1]
		for _, down := range node.DownRevision {
			if !seen[down] {
				seen[down] = true
				rest = append(rest, down)
			}
		}
	}
	return seen
}

// requireUnrelated returns an error if one of the revisions is an ancestor of another: as
// down revisions they would be redundant.
func requireUnrelated(g *graph.Graph, ids []string) error {
	for _, id := range ids {
		below := ancestors(g, id)
		for _, other := range ids {
			if other != id && below[other] {
				return &settings.UsageError{Text: id + " already descends from " + other + "; name only " + id}
			}
		}
	}
	return nil
}
