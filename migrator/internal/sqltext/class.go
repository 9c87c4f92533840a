package sqltext

import "strings"

// Class says what a runner of transactions must know of a statement before it sends it.
type Class uint8

const (
	Ordinary           Class = iota
	TransactionControl       // begins, ends or prepares a transaction; savepoints, ROLLBACK TO among them, are Ordinary
	SetTransaction           // SET [LOCAL|SESSION] TRANSACTION …; SET SESSION CHARACTERISTICS is Ordinary
	DiscardAll               // DISCARD ALL
	NoTransaction            // the server refuses it in a transaction block, whatever the database holds
	CopyIn                   // COPY … FROM STDIN
	CopyOut                  // COPY … TO STDOUT
)

// classify reads the head of a statement. Whether it is a COPY that talks to the client is known before.
func classify(src string, s Statement) (Class, string) {
	p := newPhrase(src, s)
	if !p.next() || p.tok.Kind != Word {
		return s.Class, ""
	}
	words := headWords(p)
	class, reason := s.Class, ""
	switch first, _, _ := strings.Cut(words, " "); first {
	case "BEGIN", "COMMIT", "END", "ABORT", "START", "ROLLBACK", "PREPARE":
		if transactionControl(p) {
			class = TransactionControl
		}
	case "SET":
		p.acceptAny("LOCAL", "SESSION")
		if p.accept("TRANSACTION") && !p.assigned() {
			class = SetTransaction
		}
	case "DISCARD":
		if p.accept("ALL") {
			class = DiscardAll
		}
	case "VACUUM":
		class = NoTransaction
	case "CLUSTER":
		p.skipParens()
		p.accept("VERBOSE")
		if !p.next() {
			class = NoTransaction
		}
	case "REINDEX":
		reason = reindex(p)
	case "CREATE":
		reason = create(p)
	case "DROP":
		reason = drop(p)
	case "ALTER":
		reason = alter(p)
	}
	if reason != "" {
		return NoTransaction, reason
	}
	return class, words
}

func transactionControl(p phrase) bool {
	switch {
	case p.is("START"):
		return p.accept("TRANSACTION")
	case p.is("ROLLBACK"):
		p.acceptAny("WORK", "TRANSACTION")
		return !p.accept("TO")
	case p.is("PREPARE"):
		// PREPARE transaction (…) AS … is a prepared statement of that name.
		return p.accept("TRANSACTION") && !p.accept("AS") && !(p.next() && p.mark("("))
	}
	return true
}

// assigned reports whether the word before is the name of a setting, or the first part of one: TRANSACTION, ROLE and
// the like are legal there too.
func (p phrase) assigned() bool {
	return p.next() && (p.is("TO") || p.mark("=") || p.mark("."))
}

// The functions below return the words that make the server refuse the statement in a transaction block, "" if it does
// not. These are the commands for which it says so before it looks at the database; for some others (CLUSTER and
// REINDEX of a partitioned table, DROP SUBSCRIPTION) that depends on the object.

func reindex(p phrase) string {
	concurrently, _ := p.option("concurrently")
	p.skipParens()
	for _, target := range []string{"INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM"} {
		if !p.accept(target) {
			continue
		}
		if p.accept("CONCURRENTLY") || concurrently {
			return "REINDEX " + target + " CONCURRENTLY"
		}
		if target != "INDEX" && target != "TABLE" {
			return "REINDEX " + target
		}
	}
	return ""
}

func create(p phrase) string {
	p.next()
	switch {
	case p.is("DATABASE"):
		return "CREATE DATABASE"
	case p.is("TABLESPACE"):
		return "CREATE TABLESPACE"
	case p.is("INDEX") && p.accept("CONCURRENTLY"):
		return "CREATE INDEX CONCURRENTLY"
	case p.is("UNIQUE") && p.accept("INDEX") && p.accept("CONCURRENTLY"):
		return "CREATE UNIQUE INDEX CONCURRENTLY"
	case p.is("SUBSCRIPTION") && !p.off("create_slot") && !p.off("connect"):
		return "CREATE SUBSCRIPTION"
	}
	return ""
}

// off reports whether the options in WITH (…) turn name off.
func (p phrase) off(name string) bool {
	for p.next() {
		if p.is("WITH") {
			on, set := p.option(name)
			return set && !on
		}
	}
	return false
}

func drop(p phrase) string {
	p.next()
	switch {
	case p.is("DATABASE"):
		return "DROP DATABASE"
	case p.is("TABLESPACE"):
		return "DROP TABLESPACE"
	case p.is("INDEX") && p.accept("CONCURRENTLY"):
		return "DROP INDEX CONCURRENTLY"
	}
	return ""
}

func alter(p phrase) string {
	p.next()
	switch {
	case p.is("SYSTEM"):
		return "ALTER SYSTEM"
	case p.is("DATABASE"):
		if p.next() && p.accept("SET") && p.accept("TABLESPACE") && !p.assigned() {
			return "ALTER DATABASE SET TABLESPACE"
		}
	case p.is("TABLE"):
		return detach(p)
	case p.is("SUBSCRIPTION"):
		return refresh(p)
	}
	return ""
}

// detach looks for DETACH PARTITION name CONCURRENTLY, which ends its statement. CONCURRENTLY is no name unless it is
// quoted or stands behind a dot.
func detach(p phrase) string {
	for p.next() {
		if !p.is("DETACH") || !p.accept("PARTITION") {
			continue
		}
		dotted, concurrently := false, false
		for p.next() {
			concurrently = p.is("CONCURRENTLY") && !dotted
			dotted = p.mark(".")
		}
		if concurrently {
			return "ALTER TABLE DETACH PARTITION CONCURRENTLY"
		}
	}
	return ""
}

// refresh looks for the forms of ALTER SUBSCRIPTION that fetch the list of tables from the publisher.
func refresh(p phrase) string {
	p.next() // the subscription's name
	if p.accept("REFRESH") && p.accept("PUBLICATION") {
		return "ALTER SUBSCRIPTION REFRESH PUBLICATION"
	}
	for _, verb := range []string{"SET", "ADD", "DROP"} {
		if p.accept(verb) && p.accept("PUBLICATION") && !p.off("refresh") {
			return "ALTER SUBSCRIPTION " + verb + " PUBLICATION"
		}
	}
	return ""
}
