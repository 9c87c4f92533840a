package revision

import (
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// check finds what is wrong with the bytes of a file and the statements of its body.
func (s *Script) check() []finding {
	if s.Transactional && harmless(s.Text, s.BodyStart) {
		return nil
	}
	var found []finding
	statements, errs := sqltext.Split(s.Text)
	for _, err := range errs {
		found = append(found, finding{err.Offset, err.Message})
	}
	for _, st := range statements {
		if text := refusal(st, s.Transactional); text != "" {
			found = append(found, finding{s.offender(st), text})
		}
	}
	return found
}

// refusal says why a statement can't be in a body, "" when it can.
func refusal(st sqltext.Statement, transaction bool) string {
	switch st.Class {
	case sqltext.TransactionControl:
		if transaction {
			return st.Keywords + " is not allowed: a revision runs in one transaction, which ends with it; remove the statement"
		}
		return st.Keywords + ` is not allowed: with "-- transaction: off" each statement is sent alone; remove the statement, or the header line to run all in one transaction`
	case sqltext.SetTransaction:
		if transaction {
			return st.Keywords + " is not allowed: the revision's transaction has already begun; remove the statement"
		}
		return st.Keywords + ` has no effect: with "-- transaction: off" each statement is sent alone; remove it`
	case sqltext.DiscardAll:
		return "DISCARD ALL is not allowed: it would drop the lock that keeps other runs away; remove it, the session is put back after each revision"
	case sqltext.NonTransactional:
		if transaction {
			return st.Keywords + ` cannot run in a transaction: add the line "-- transaction: off" to the header`
		}
	}
	if !transaction {
		return aloneRefusal(st.Keywords)
	}
	return ""
}

// aloneRefusal knows the statements that need a transaction around them and would do
// nothing, or fail, when sent alone.
func aloneRefusal(words string) string {
	for _, start := range [...]string{"SAVEPOINT", "RELEASE", "ROLLBACK", "LOCK", "SET LOCAL", "SET CONSTRAINTS"} {
		if strings.HasPrefix(words+" ", start+" ") {
			if start == "ROLLBACK" {
				start = "ROLLBACK TO" // any other is transaction control
			}
			return start + ` has no effect: with "-- transaction: off" each statement is sent alone; remove the statement, or the header line to run all in one transaction`
		}
	}
	return ""
}

// offender is the place of the word that is to blame: CONCURRENTLY, else the first.
func (s *Script) offender(st sqltext.Statement) int {
	if st.Class != sqltext.NonTransactional {
		return st.Start
	}
	for t := range sqltext.Tokens(s.Text[st.Start:st.End]) {
		if t.Kind == sqltext.Word && strings.EqualFold(s.Text[st.Start+t.Start:st.Start+t.End], "concurrently") {
			return st.Start + t.Start
		}
	}
	return st.Start
}
