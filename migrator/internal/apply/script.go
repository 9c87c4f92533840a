package apply

import (
	"fmt"
	"io"
	"strings"

	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
)

// Script gives a plan as one SQL script for psql, made by the renderer of the online
// run. applied are all revisions that must be applied where it starts, sorted; it
// refuses to run anywhere else. Single puts it into one transaction.
//
// Fields of the runner that name the server or this process need not be set. The error is
// that of reading the rows of a large COPY.
func (r *Runner) Script(p plan.Plan, applied []string) (string, error) {
	w := &script{Runner: r}
	where := "base"
	if len(p.From) > 0 {
		where = strings.Join(p.From, ", ")
	}
	w.head(p, where)
	start := frame{guard: "", first: true, last: !r.Single || len(p.Steps) == 1, offline: true}
	if len(applied) == 0 {
		start.create = r.Ledger.CreateIfMissing()
	}
	start.guard = r.Ledger.Expect(applied, where) + ";\n" + r.Ledger.GuardRemembered()
	if p.Stamp {
		w.write(r.renderChange("stamp", start, r.stamps(p)))
		return w.String(), w.err
	}
	for i, s := range p.Steps {
		f := frame{guard: r.Ledger.GuardRemembered(), first: !r.Single, last: !r.Single || i == len(p.Steps)-1, offline: true}
		if i == 0 {
			f = start
		}
		fmt.Fprintf(w, "\n-- %s %s: %s\n", verb(s.Direction), s.Revision, s.Message)
		if s.Script.Transactional {
			w.write(r.render(s, f))
		} else {
			w.outside(s, f)
		}
	}
	return w.String(), w.err
}

// script is a sink for parts, beside the server.
type script struct {
	*Runner
	strings.Builder
	err error // the first
}

func (w *script) head(p plan.Plan, where string) {
	to := "base"
	if len(p.To) > 0 {
		to = strings.Join(p.To, ", ")
	}
	fmt.Fprintf(w, "-- From %s to %s, for the ledger %s.\n-- Run it with: psql -v ON_ERROR_STOP=1 -f FILE\n\n", where, to, w.Ledger)
	w.WriteString("SET client_encoding TO 'UTF8';\nSET standard_conforming_strings TO on;\n")
}

func (w *script) write(p parts) {
	for _, part := range p {
		w.WriteString(part.sql)
		w.WriteString(";\n")
		if part.kind == body && part.source().Class == sqltext.CopyIn {
			w.copyRows(part)
		}
	}
}

func (w *script) copyRows(p part) {
	before := w.Len()
	rows, err := p.script.Rows(p.source())
	if err == nil {
		_, err = io.Copy(w, rows)
		_ = rows.Close()
	}
	if w.err == nil {
		w.err = err
	}
	// The server wants one kind of line end, up to the line that ends the rows.
	lineEnd, text := "\n", w.String()[before:]
	if strings.Contains(text, "\r\n") {
		lineEnd = "\r\n"
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		w.WriteString(lineEnd)
	}
	w.WriteString(`\.` + lineEnd)
}

// outside writes a revision with `transaction: off`: its statements stand alone, each
// followed by its mark.
func (w *script) outside(s plan.Step, f frame) {
	o := newOutside(w.Runner, s)
	var p parts
	p.add(locking, w.Ledger.TrySessionLock())
	p = append(p, o.opening(f)...)
	p.add(opening, o.sessionSettings(f)...)
	for i := range s.Script.Statements() {
		o.done = i
		p = append(p, o.part(i))
		// psql sends each statement alone: what is LOCAL needs a transaction.
		p.add(opening, "BEGIN")
		p = append(p, o.markParts(i+1, o.chain[i+1])...)
		p.add(commit, "COMMIT")
	}
	p.add(resetting, resets[:len(resets)-1]...)
	p.add(resetting, w.Ledger.Remember())
	p = append(p, o.closing(w.Ledger.GuardRemembered())...)
	p.add(resetting, resets...)
	p.add(finishing, w.Ledger.Remember())
	w.write(p)
}
