package sqltext

import "strings"

// Class groups statements by what must be known of them before they are sent.
type Class uint8

// The classes of statements.
const (
	Ordinary           Class = iota
	TransactionControl       // begins, ends or prepares a transaction; savepoints and ROLLBACK TO are Ordinary
	SetTransaction           // SET [LOCAL|SESSION] TRANSACTION …; SET SESSION CHARACTERISTICS is Ordinary
	DiscardAll               // DISCARD ALL
	NonTransactional         // cannot run inside a transaction block, whatever the database contains
	CopyIn                   // COPY … FROM STDIN
	CopyOut                  // COPY … TO STDOUT
)

// classify returns the class and the leading keywords of a statement. CopyIn and CopyOut are already set in s.
func classify(src string, s Statement) (Class, string) {
	r := newTokenReader(src, s)
	if !r.next() || r.tok.Kind != Word {
		return s.Class, ""
	}
	words := leadingKeywords(r)
	class, reason := s.Class, ""
	switch first, _, _ := strings.Cut(words, " "); first {
	case "BEGIN", "COMMIT", "END", "ABORT", "START", "ROLLBACK", "PREPARE":
		if words == "COMMIT PREPARED" || words == "ROLLBACK PREPARED" {
			reason = words
		} else if transactionControl(r) {
			class = TransactionControl
		}
	case "SET":
		r.acceptAny("LOCAL", "SESSION")
		if r.accept("TRANSACTION") && !r.assigned() {
			class = SetTransaction
		}
	case "DISCARD":
		if r.accept("ALL") {
			class = DiscardAll
		}
	case "VACUUM":
		class = NonTransactional
	case "CLUSTER":
		r.skipParens()
		r.accept("VERBOSE")
		if !r.next() {
			class = NonTransactional
		}
	case "REINDEX":
		reason = reindex(r)
	case "CREATE":
		reason = create(r)
	case "DROP":
		reason = drop(r)
	case "ALTER":
		reason = alter(r)
	}
	if reason != "" {
		return NonTransactional, reason
	}
	return class, words
}

// IsLargeObjectCall reports whether a statement is SELECT of a single call of lo_open, lowrite or lo_close, as pg_dump
// writes it to load a large object.
func IsLargeObjectCall(src string, s Statement) bool {
	r := newTokenReader(src, s)
	if !r.next() || !r.is("SELECT") || !r.next() {
		return false
	}
	if r.is("PG_CATALOG") && !(r.next() && r.isOperator(".") && r.next()) {
		return false
	}
	switch r.name() {
	case "lo_open", "lowrite", "lo_close":
		r.skipParens()
		return r.isOperator(")") && !r.next()
	}
	return false
}

func transactionControl(r tokenReader) bool {
	switch {
	case r.is("START"):
		return r.accept("TRANSACTION")
	case r.is("ROLLBACK"):
		r.acceptAny("WORK", "TRANSACTION")
		return !r.accept("TO")
	case r.is("PREPARE"):
		// PREPARE transaction (…) AS … is a prepared statement of that name.
		return r.accept("TRANSACTION") && !r.accept("AS") && !(r.next() && r.isOperator("("))
	}
	return true
}

// assigned reports whether the current word is the name of a setting or the first part of one. TRANSACTION, ROLE and the
// like can be names of settings too.
func (r tokenReader) assigned() bool {
	return r.next() && (r.is("TO") || r.isOperator("=") || r.isOperator("."))
}

// The functions below return the keywords of a command that cannot run inside a transaction block, and "" otherwise.
// They know the commands that the server refuses by their syntax. For some others (CLUSTER and REINDEX of a partitioned
// table, DROP SUBSCRIPTION) it depends on the object.

func reindex(r tokenReader) string {
	concurrently, _ := r.option("concurrently")
	r.skipParens()
	for _, target := range []string{"INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM"} {
		if !r.accept(target) {
			continue
		}
		if r.accept("CONCURRENTLY") || concurrently {
			return "REINDEX " + target + " CONCURRENTLY"
		}
		if target != "INDEX" && target != "TABLE" {
			return "REINDEX " + target
		}
	}
	return ""
}

func create(r tokenReader) string {
	r.next()
	switch {
	case r.is("DATABASE"):
		return "CREATE DATABASE"
	case r.is("TABLESPACE"):
		return "CREATE TABLESPACE"
	case r.is("INDEX") && r.accept("CONCURRENTLY"):
		return "CREATE INDEX CONCURRENTLY"
	case r.is("UNIQUE") && r.accept("INDEX") && r.accept("CONCURRENTLY"):
		return "CREATE UNIQUE INDEX CONCURRENTLY"
	case r.is("SUBSCRIPTION") && !r.off("create_slot") && !r.off("connect"):
		return "CREATE SUBSCRIPTION"
	}
	return ""
}

// off reports whether an option in WITH (…) is turned off.
func (r tokenReader) off(name string) bool {
	for r.next() {
		if r.is("WITH") {
			on, set := r.option(name)
			return set && !on
		}
	}
	return false
}

func drop(r tokenReader) string {
	r.next()
	switch {
	case r.is("DATABASE"):
		return "DROP DATABASE"
	case r.is("TABLESPACE"):
		return "DROP TABLESPACE"
	case r.is("INDEX") && r.accept("CONCURRENTLY"):
		return "DROP INDEX CONCURRENTLY"
	}
	return ""
}

func alter(r tokenReader) string {
	r.next()
	switch {
	case r.is("SYSTEM"):
		return "ALTER SYSTEM"
	case r.is("DATABASE"):
		if r.next() && r.accept("SET") && r.accept("TABLESPACE") && !r.assigned() {
			return "ALTER DATABASE SET TABLESPACE"
		}
	case r.is("TABLE"):
		return detach(r)
	case r.is("SUBSCRIPTION"):
		return refresh(r)
	}
	return ""
}

// detach looks for DETACH PARTITION name CONCURRENTLY at the end of the statement. CONCURRENTLY can be the name of a table
// only if it is quoted or follows a dot.
func detach(r tokenReader) string {
	for r.next() {
		if !r.is("DETACH") || !r.accept("PARTITION") {
			continue
		}
		dotted, concurrently := false, false
		for r.next() {
			concurrently = r.is("CONCURRENTLY") && !dotted
			dotted = r.isOperator(".")
		}
		if concurrently {
			return "ALTER TABLE DETACH PARTITION CONCURRENTLY"
		}
	}
	return ""
}

// refresh looks for the forms of ALTER SUBSCRIPTION that fetch the list of tables from the publisher.
func refresh(r tokenReader) string {
	r.next() // the subscription's name
	if r.accept("REFRESH") && r.accept("PUBLICATION") {
		return "ALTER SUBSCRIPTION REFRESH PUBLICATION"
	}
	for _, verb := range []string{"SET", "ADD", "DROP"} {
		if r.accept(verb) && r.accept("PUBLICATION") && !r.off("refresh") {
			return "ALTER SUBSCRIPTION " + verb + " PUBLICATION"
		}
	}
	return ""
}
