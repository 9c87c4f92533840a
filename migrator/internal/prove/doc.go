// Package prove carries out revisions in scratch databases in every way that the graph allows, and compares what they
// leave: each down script after its up script, and the revisions of branches in different orders.
package prove
