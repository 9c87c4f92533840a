package apply

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// Script writes a plan as an SQL script for psql, with the statements that Run sends.
// applied are all revisions that must be applied where it starts, sorted; the script fails
// in any other database.
//
// The runner needs no connection, server version or process. The error is that of w, or of
// reading a large script, of which a part may have been written then.
func (r *Runner) Script(w io.Writer, p plan.Plan, applied []string) error {
	s := scriptWriter{bufio.NewWriter(w), r}
	if err := s.script(p, applied); err != nil {
		return err
	}
	return s.Flush()
}

// CheckFiles reads the large scripts of a plan again. The error is that of a script that has changed, or cannot be read.
func CheckFiles(p plan.Plan) error {
	for _, s := range p.Steps {
		if s.Script == nil {
			continue
		}
		if err := s.Script.CheckUnchanged(); err != nil {
			return unreadable(s, err)
		}
	}
	return nil
}

type scriptWriter struct {
	*bufio.Writer
	r *Runner
}

func (w *scriptWriter) script(p plan.Plan, applied []string) error {
	r := w.r
	from := revisionsOrBase(p.From)
	// What is visible cannot end a comment.
	fmt.Fprintf(w, "-- From %s to %s, for the ledger %s.\n-- Run it with: psql -f FILE\n\n\\set ON_ERROR_STOP on\n", text.Visible(from), text.Visible(revisionsOrBase(p.To)), text.Visible(r.Ledger.String()))
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
		return w.write(slices.Values(r.renderChange("stamp", first, r.stampStatements(p))))
	}
	if len(p.Steps) == 0 && len(p.Replacing) > 0 {
		first.last = true
		return w.write(slices.Values(r.renderChange("replace", first, nil)))
	}
	raised, at := 0, first.at
	for i, s := range p.Steps {
		f := frame{at: at, guard: r.Ledger.GuardSaved(raised), raise: r.Ledger.RaiseSaved(raised), raised: raised, first: !r.SingleTransaction, last: !r.SingleTransaction || i == len(p.Steps)-1, offline: true}
		if i == 0 {
			f = first
		}
		s, err := loaded(s)
		if err != nil {
			return err
		}
		at = at.after(s)
		fmt.Fprintf(w, "\n-- %s %s: %s\n", Operation(s.Direction), text.Visible(s.Revision), text.Visible(s.Message))
		rendered := r.render(s, f)
		raised++
		if !s.Script.Transactional {
			rendered = slices.Values(r.renderNonTransactional(s, f))
			raised++
		}
		if err := w.write(rendered); err != nil {
			return err
		}
	}
	return nil
}

func revisionsOrBase(ids []string) string {
	if len(ids) == 0 {
		return "base"
	}
	return strings.Join(ids, ", ")
}

// write writes statements. Errors of the writer are returned by Flush, and soon by this too.
func (w *scriptWriter) write(p iter.Seq[part]) error {
	copied := false // the part before has rows
	for part := range p {
		// Since its minor releases of August 2026, psql takes a statement that begins with no word, such as (SELECT 1), for the
		// COPY before it, and skips the rest of the script.
		if copied && strings.HasPrefix(part.sql, "(") {
			w.WriteString("SAVEPOINT ambix;\nRELEASE SAVEPOINT ambix;\n")
		}
		w.WriteString(part.sql)
		if _, err := w.WriteString(";\n"); err != nil {
			return err
		}
		if copied = part.kind == body && part.source.Class == sqltext.CopyIn; copied {
			if err := w.copyRows(part); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyRows writes the rows of a COPY and the line that ends them. The server requires the same line end everywhere.
func (w *scriptWriter) copyRows(p part) error {
	rows, err := p.script.Rows(p.source)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	ends := lineEnds{Writer: w}
	if _, err := io.Copy(&ends, rows); err != nil {
		return err
	}
	lineEnd := "\n"
	if ends.crlf {
		lineEnd = "\r\n"
	}
	if ends.last != 0 && ends.last != '\n' {
		w.WriteString(lineEnd)
	}
	_, err = w.WriteString(`\.` + lineEnd)
	return err
}

// lineEnds notes the line ends of what is written.
type lineEnds struct {
	io.Writer
	crlf bool // one of them is CRLF
	last byte // what was written last; 0: nothing, rows contain none
}

func (e *lineEnds) Write(b []byte) (int, error) {
	if len(b) > 0 {
		e.crlf = e.crlf || e.last == '\r' && b[0] == '\n' || bytes.Contains(b, []byte("\r\n"))
		e.last = b[len(b)-1]
	}
	return e.Writer.Write(b)
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
		p = append(p, bodyPart(s.Script, i, st))
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
