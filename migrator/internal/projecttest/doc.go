// Package projecttest is for tests only: revisions in the making, and a database next to
// a run.
package projecttest
