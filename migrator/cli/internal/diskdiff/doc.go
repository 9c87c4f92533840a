// Package diskdiff compares the embedded revisions with those on disk, to find a program
// that has to be built again.
package diskdiff
