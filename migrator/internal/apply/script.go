package apply

import (
	"fmt"
	"io"
	"strings"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// Script returns a plan as an SQL script for psql, with the statements that Run sends.
// applied are all revisions that must be applied where it starts, sorted; the script fails
// in any other database.
//
// The runner needs no connection, server version or process. The error is that of reading
// the rows of a large COPY.
func (r *Runner) Script(p plan.Plan, applied []string) (string, error) {
	w := &scriptWriter{Runner: r}
	from := revisionsOrBase(p.From)
	// What is visible cannot end a comment.
	fmt.Fprintf(w, "-- From %s to %s, for the ledger %s.\n-- Run it with: psql -f FILE\n\n\\set ON_ERROR_STOP on\n", text.Visible(from), text.Visible(revisionsOrBase(p.To)), text.Visible(w.Ledger.String()))
	w.WriteString("SET client_encoding TO 'UTF8';\nSET standard_conforming_strings TO on;\n")
	first := frame{first: true, last: !r.SingleTransaction || len(p.Steps) == 1, offline: true}
	if r.TargetDatabase != "" {
		first.create = append(first.create, ledger.RequireDatabase(r.TargetDatabase))
	}
	if r.TargetSchema != "" {
		first.create = append(first.create, ledger.RequireSchema(r.TargetSchema))
	}
	first.create = append(first.create, r.Ledger.RequireOwner(r.LedgerOwner))
	if len(applied) == 0 {
		first.create = append(first.create, r.Ledger.CreateIfMissing(r.TargetSchema != r.Ledger.Schema())...)
	}
	for _, replacing := range p.Replacing {
		first.create = append(first.create, r.Ledger.ReplaceIfApplied(replacing.Entry, replacing.Replaces, r.Author)...)
	}
	first.at = startOf(p)
	first.guard = r.Ledger.Expect(applied, from) + ";\n" + r.Ledger.GuardSaved(0)
	first.raise = r.Ledger.Expect(applied, from) + ";\n" + r.Ledger.RaiseSaved(0)
	if p.Stamp {
		w.write(r.renderChange("stamp", first, r.stampStatements(p)))
		return w.String(), w.err
	}
	if len(p.Steps) == 0 && len(p.Replacing) > 0 {
		first.last = true
		w.write(r.renderChange("replace", first, nil))
	}
	raised, at := 0, first.at
	for i, s := range p.Steps {
		f := frame{at: at, guard: r.Ledger.GuardSaved(raised), raise: r.Ledger.RaiseSaved(raised), raised: raised, first: !r.SingleTransaction, last: !r.SingleTransaction || i == len(p.Steps)-1, offline: true}
		if i == 0 {
			f = first
		}
		s, err := loaded(s)
		if err != nil {
			return "", err
		}
		at = at.after(s)
		fmt.Fprintf(w, "\n-- %s %s: %s\n", Operation(s.Direction), text.Visible(s.Revision), text.Visible(s.Message))
		if s.Script.Transactional {
			w.write(r.render(s, f))
			raised++
		} else {
			w.write(r.renderNonTransactional(s, f))
			raised += 2
		}
	}
	return w.String(), w.err
}

func revisionsOrBase(ids []string) string {
	if len(ids) == 0 {
		return "base"
	}
	return strings.Join(ids, ", ")
}

type scriptWriter struct {
	*Runner
	strings.Builder
	err error // the first
}

func (w *scriptWriter) write(p parts) {
	for _, part := range p {
		w.WriteString(part.sql)
		w.WriteString(";\n")
		if part.kind == body && part.source().Class == sqltext.CopyIn {
			w.copyRows(part)
		}
	}
}

func (w *scriptWriter) copyRows(p part) {
	before := w.Len()
	rows, err := p.script.Rows(p.source())
	if err == nil {
		_, err = io.Copy(w, rows)
		_ = rows.Close()
	}
	if w.err == nil {
		w.err = err
	}
	// The server requires the same line ending everywhere, including the end of the rows.
	lineEnd, copied := "\n", w.String()[before:]
	if strings.Contains(copied, "\r\n") {
		lineEnd = "\r\n"
	}
	if copied != "" && !strings.HasSuffix(copied, "\n") {
		w.WriteString(lineEnd)
	}
	w.WriteString(`\.` + lineEnd)
}

// renderNonTransactional returns a revision with `transaction: off` for a script: each
// statement is followed by its mark, in the same transaction where that is possible.
func (r *Runner) renderNonTransactional(s plan.Step, f frame) parts {
	n := newNonTransactional(r, s)
	var p parts
	p.add(locking, r.Ledger.TrySessionLock())
	p = append(p, n.renderOpening(f)...)
	p.set(opening, false, n.sessionSettings(f.offline)...)
	for i, st := range s.Script.Statements() {
		n.done = i
		p.add(guarding, r.Ledger.StopUnless(s.Revision, n.state, i))
		together := st.Class != sqltext.NonTransactional && st.Keywords != "CALL" && st.Keywords != "DO"
		if together {
			p.add(opening, "BEGIN")
		}
		p = append(p, bodyPart(s.Script, i))
		if !together {
			p.add(opening, "BEGIN")
		}
		p = append(p, n.renderMark(i+1, n.checksums[i+1])...)
		p.add(commit, "COMMIT")
	}
	p.add(guarding, r.Ledger.StopUnless(s.Revision, n.state, len(n.checksums)-1))
	p.add(resetting, resetsKeepingLocks...)
	p.add(resetting, r.Ledger.SaveGeneration(f.raised+1))
	p = append(p, n.renderClosing(r.Ledger.GuardSaved(f.raised+1))...)
	p.add(resetting, resets...)
	p.add(finishing, r.Ledger.SaveGeneration(f.raised+2))
	return p
}
