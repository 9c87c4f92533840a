// Package graph is the directed graph of revision ids: its shape, its order, the grammar
// of targets, and the revisions that an operation applies or reverts. It works on ids
// and links alone and knows neither files nor databases.
//
// A revision has two kinds of links to the revisions that it requires:
//
//   - Lineage: its down revisions. They form branches and merges. Heads, bases, labels
//     and relative targets (+N, -N) follow the lineage.
//   - Order: its down revisions and its dependencies (depends_on). A revision is applied
//     after, and reverted before, everything it requires in this sense.
//
// [New] checks a set of revisions and builds a [Graph]. The state of a database is a
// [Set], the ids of its applied revisions. [Graph.Upgrade], [Graph.Downgrade], [Graph.To]
// and [Graph.Stamp] compute what an operation does to a state; [Graph.Resolve] and
// [Graph.Range] look revisions up. A target that cannot be resolved, or that has more
// than one meaning, is refused with a [*TargetError].
//
// The rules are those of Alembic. testdata/alembic.txt records what Alembic does in 702
// cases, and testdata/deviations.txt lists the cases where this package deliberately
// differs, with the reasons.
package graph
