package apply

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/revision"
)

// Load runs a script that is not part of a revision, such as the output of pg_dump, and stops at the first failure. Each
// statement is sent separately, as psql does: the script may contain transactions, and statements that cannot run in one.
// The setting of newer versions of pg_dump that an older server does not have is left out. The script must be in memory and
// have been checked. Errors: *RevisionError without a revision, *pg.LostError, and ctx.Err().
func Load(ctx context.Context, conn *pg.Conn, script *revision.Script) error {
	r := &Runner{Conn: conn}
	for i, st := range script.Statements() {
		m := newMessage(parts{bodyPart(script, i, st)})
		m.bytes = r.countsBytes()
		if _, err := conn.Send(ctx, m.Message, pg.Handler{}); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if failed, ok := errors.AsType[*pg.StatementError](err); ok {
				if failed.Err.Code == pg.UndefinedObject && script.Text[st.Start:st.End] == newerSetting && !conn.InTransaction() {
					continue
				}
				return locate(plan.Step{Script: script}, &m, failed.Statement, failed.Err)
			}
			return err
		}
		if encoding := conn.Parameter("client_encoding"); encoding != "" && !strings.EqualFold(encoding, "UTF8") {
			if !isASCII(script.Text[st.Next:]) {
				return atStatement(script, i, "client_encoding "+encoding+": the file must be UTF-8; convert it, and remove the statement")
			}
			if err := conn.Exec(ctx, "SET client_encoding TO 'UTF8'"); err != nil {
				return err
			}
		}
	}
	if n := len(script.Statements()); n > 0 && conn.InTransaction() {
		return atStatement(script, n-1, "a transaction is still open after the last statement: COMMIT is missing")
	}
	return nil
}

// newerSetting is what pg_dump writes since version 17: it switches off a limit that older servers do not have.
const newerSetting = "SET transaction_timeout = 0"

func atStatement(script *revision.Script, index int, text string) error {
	e := &RevisionError{File: script.File, Text: text}
	e.pointAt(bodyPart(script, index, script.Statements()[index]), 0)
	e.Exact = true
	return e
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c >= utf8.RuneSelf }) < 0
}
