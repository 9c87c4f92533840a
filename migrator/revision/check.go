package revision

import (
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// check returns the problems of a script: of its bytes and of its statements. Nearly all transactional scripts are plain,
// and need no closer look.
func (s *Script) check() []finding {
	if s.Transactional && sqltext.IsPlain(s.Text) {
		return nil
	}
	var found []finding
	statements, errs := sqltext.Split(s.Text)
	for _, err := range errs {
		found = append(found, finding{err.Offset, err.Message})
	}
	c := statementChecker{transactional: s.Transactional}
	for _, st := range statements {
		found = append(found, c.check(s.Text, st)...)
	}
	return append(found, c.begin...)
}

// statementChecker finds the statements that a script must not contain.
type statementChecker struct {
	transactional bool
	block         largeObjectBlock
	begin         []finding // the problem of the last BEGIN, unless it begins a block
	blocks        int       // that are complete
}

// check returns the problems of the next statement, and of the last BEGIN if it turns out to be one.
func (c *statementChecker) check(src string, st sqltext.Statement) (found []finding) {
	part := false
	if c.transactional && (c.block.open || st.Class == sqltext.TransactionControl) {
		var broken bool
		if part, broken = c.block.add(src, st); broken || !c.block.open {
			if broken {
				found = c.begin
			}
			c.begin = nil
		}
	}
	problem := refusal(st, c.transactional)
	switch {
	case problem == "":
	case !part:
		found = append(found, finding{offendingWord(src, st), problem})
	case c.block.open:
		c.begin = []finding{{st.Start, problem}}
	default:
		c.blocks++
	}
	return found
}

const (
	sentSeparately = `with "-- transaction: off" each statement is sent separately`
	removeEither   = "; remove the statement, or that line of the header to run everything in one transaction"
)

// refusal returns why a statement is not allowed in a script, "" if it is.
func refusal(st sqltext.Statement, transactional bool) string {
	switch st.Class {
	case sqltext.TransactionControl:
		if transactional {
			return st.Keywords + " is not allowed: each revision runs in its own transaction; remove the statement"
		}
		return st.Keywords + " is not allowed: " + sentSeparately + removeEither
	case sqltext.SetTransaction:
		if transactional {
			return st.Keywords + " is not allowed: the revision's transaction has already begun; remove the statement"
		}
		return st.Keywords + " has no effect: " + sentSeparately + "; remove the statement"
	case sqltext.DiscardAll:
		return "DISCARD ALL is not allowed: it would release the lock that keeps other runners out; remove the statement, the session is reset after each revision"
	case sqltext.NonTransactional:
		if transactional {
			return st.Keywords + ` cannot run inside a transaction block: add the line "-- transaction: off" to the header`
		}
	}
	if transactional || st.Class == sqltext.NonTransactional {
		return ""
	}
	return separateRefusal(st.Keywords)
}

// separateRefusal returns why a statement is not allowed outside a transaction block: it would have no effect, or fail.
func separateRefusal(keywords string) string {
	for _, command := range [...]string{"SAVEPOINT", "RELEASE", "ROLLBACK", "LOCK", "SET LOCAL", "SET CONSTRAINTS"} {
		if strings.HasPrefix(keywords+" ", command+" ") {
			if command == "ROLLBACK" {
				command = "ROLLBACK TO" // any other is transaction control
			}
			return command + " has no effect: " + sentSeparately + removeEither
		}
	}
	return ""
}

// offendingWord returns the offset to report for a statement: that of CONCURRENTLY, otherwise of its first word.
func offendingWord(src string, st sqltext.Statement) int {
	if st.Class != sqltext.NonTransactional {
		return st.Start
	}
	for t := range sqltext.Tokens(src[st.Start:st.End]) {
		if t.Kind == sqltext.Word && strings.EqualFold(src[st.Start+t.Start:st.Start+t.End], "concurrently") {
			return st.Start + t.Start
		}
	}
	return st.Start
}
