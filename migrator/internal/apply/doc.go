// Package apply carries out a plan: it renders each step once, sends it, and reports every
// event. No other package changes a database.
//
// A transactional revision is one message of the simple query protocol. The message begins
// a transaction, tries to take the lock, checks that the database is where the plan
// starts, runs the body, resets the session, writes the revision's row, if the check was made
// in the same transaction, and commits. So a revision is applied exactly when its row exists.
package apply
