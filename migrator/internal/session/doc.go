// Package session is one connection to one database and what a run does over it: read
// where the database is, plan, apply, and look again after a lost connection or another
// runner's work. Package apply does the writing.
package session
