package importer

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/revision"
)

const (
	needsSQL       = "This is code that cannot be converted: write the SQL. Until then `up` refuses the revision, and its down script fails if that is code too:"
	emptyUp        = "The script is empty, so SELECT 1 was added:"
	emptyDown      = "The down script is empty, so a downgrade changes nothing. Delete the file if the revision is irreversible:"
	irreversible   = "There is no down script, so the revision is irreversible. Write the file if it can be reverted:"
	blockRemoved   = "BEGIN and COMMIT were removed, because a revision runs in one transaction anyway:"
	transactionOff = "A statement cannot run in a transaction, so `transaction: off` was set and each statement is sent by itself. Move it to a separate revision if the others belong together:"
)

// body returns the revision's up script.
func (s *script) body(merge bool) *revision.Script {
	if s.code != "" {
		return revision.NewScript(s.placeholder())
	}
	r := s.convert()
	s.empty = isEmpty(r)
	if s.empty && !merge {
		s.note(emptyUp)
		return revision.NewScript(trimBlank(r.SQL()) + "SELECT 1;\n")
	}
	return r
}

// downBody returns the revision's down script, or nil if the revision is irreversible.
func (m *migration) downBody() *revision.Script {
	s := m.down
	switch {
	case m.up.code != "" && (s == nil || s.code != ""):
		// With an empty up script, a missing down script would mean that there is nothing to revert.
		return revision.NewScript("DO $$ BEGIN RAISE EXCEPTION 'the down script of this revision has not been written yet'; END $$;\n")
	case s == nil && m.up.empty:
		return revision.NewScript("")
	case s == nil || s.code != "":
		return nil
	}
	r := s.convert()
	if isEmpty(r) && !m.up.empty && m.up.code == "" {
		s.note(emptyDown)
	}
	return r
}

func (s *script) note(what string) { s.findings = append(s.findings, finding{what: what}) }

// placeholder returns a script to be written by hand. It consists of comments, because `up`
// refuses an empty revision before it runs anything.
func (s *script) placeholder() string {
	s.findings = append(s.findings, finding{needsSQL, s.code})
	text := s.code
	if s.sql != "" {
		text += "\n\nThe known part:\n\n" + s.sql
	}
	var b strings.Builder
	// A carriage return would end the comment.
	for line := range strings.Lines(strings.ReplaceAll(text, "\r", "\n")) {
		b.WriteString(strings.TrimRight("-- "+line, " \r\n") + "\n")
	}
	return b.String()
}

// convert decides whether the script is transactional. It leaves the SQL as it is, except
// for a BEGIN and a COMMIT around it.
func (s *script) convert() *revision.Script {
	sql := trimBlank(s.sql)
	if inside, all := withoutBlock(sql); inside != sql && (all || !s.noTransaction) {
		if r := revision.NewScript(inside); !cannotBeTransactional(r) {
			s.note(blockRemoved)
			return r
		}
	}
	r := revision.NewScript(sql)
	r.Transactional = !s.noTransaction
	if r.Transactional && cannotBeTransactional(r) {
		if len(r.Statements()) > 1 {
			s.note(transactionOff)
		}
		r.Transactional = false
	}
	return r
}

// isEmpty reports whether a script has neither statements nor psql commands.
func isEmpty(r *revision.Script) bool { return r.Empty() && !refused(r) }

// trimBlank removes blank lines at both ends and terminates the last line.
func trimBlank(sql string) string {
	sql = strings.TrimPrefix(sql, "\ufeff")
	for line := range strings.Lines(sql) {
		if strings.TrimSpace(line) != "" {
			break
		}
		sql = sql[len(line):]
	}
	if sql = strings.TrimRight(sql, " \t\r\n"); sql != "" {
		sql += "\n"
	}
	return sql
}

// cannotBeTransactional reports whether a script is valid only with transaction: off.
func cannotBeTransactional(r *revision.Script) bool {
	in, out := revision.NewScript(r.SQL()), revision.NewScript(r.SQL())
	out.Transactional = false
	return refused(in) && !refused(out)
}

func refused(s *revision.Script) bool {
	up, _ := (&revision.Revision{ID: "a", Up: s}).Format()
	_, problems := revision.Parse(revision.Source{File: "a.up.sql", Text: up}, nil)
	return len(problems) > 0
}

// withoutBlock removes BEGIN and COMMIT from a script that has one of each, and returns any
// other script unchanged. all reports whether they enclosed everything.
func withoutBlock(sql string) (inside string, all bool) {
	r := revision.NewScript(sql)
	text, statements := r.Text, r.Statements()
	begin, end := -1, -1
	for i, st := range statements {
		switch words := strings.Join(strings.Fields(strings.ToUpper(text[st.Start:st.End])), " "); words {
		case "BEGIN", "BEGIN WORK", "BEGIN TRANSACTION", "START TRANSACTION":
			if begin >= 0 {
				return sql, false
			}
			begin = i
		case "COMMIT", "COMMIT WORK", "COMMIT TRANSACTION", "END", "END WORK", "END TRANSACTION":
			if end >= 0 {
				return sql, false
			}
			end = i
		}
	}
	if begin < 0 || end < begin {
		return sql, false
	}
	b, e := statements[begin], statements[end]
	text = cut(cut(text, e.Start, e.Next), b.Start, b.Next)
	return trimBlank(text), begin == 0 && end == len(statements)-1
}

// cut removes text[from:to], and the whole line if nothing else is on it.
func cut(text string, from, to int) string {
	start := strings.LastIndexByte(text[:from], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[to:], '\n'); i >= 0 {
		end = to + i + 1
	}
	if strings.TrimSpace(text[start:from]+text[to:end]) == "" {
		from, to = start, end
	}
	return text[:from] + text[to:]
}

// terminated adds a semicolon to the last statement if it has none.
func terminated(sql string) string {
	r := revision.NewScript(sql)
	statements := r.Statements()
	if len(statements) == 0 {
		return sql
	}
	last := statements[len(statements)-1]
	// Append a statement to find out: a semicolon in the text may belong to a comment.
	open := len(revision.NewScript(sql+"\nSELECT 1").Statements()) == len(statements)
	if last.Data > 0 || !open {
		return sql
	}
	return r.Text[1:last.End] + ";" + r.Text[last.End:]
}

// line returns the line number of an offset.
func line(text string, offset int) int { return strings.Count(text[:offset], "\n") + 1 }

func at(file, text string, offset int) string { return fmt.Sprintf("%s:%d", file, line(text, offset)) }
