package main

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/revision"
)

const (
	needsPerson   = "Code runs here that no SQL stands for: write the SQL. Until then `up` refuses the revision, and its way down, if that is code too, fails:"
	runsNothing   = "Nothing runs here, so SELECT 1 stands for it:"
	undoesNothing = "The way down holds nothing, and so undoes nothing. Delete the file if that is wrong: the revision is then irreversible, and said to be:"
	irreversible  = "There is no way down, so a downgrade through these is refused. Write the file if there is one:"
	ownBlock      = "BEGIN and COMMIT were taken out: the revision is the transaction:"
	nowAlone      = "A statement here cannot run in a transaction, so `transaction: off` was set and each one is sent by itself. Give it a revision of its own if the others belong together:"
)

// body makes a revision's up script.
func (s *script) body(merge bool) *revision.Script {
	if s.code != "" {
		return revision.NewScript(s.wanted())
	}
	r := s.settle()
	s.nothing = holdsNothing(r)
	if s.nothing && !merge {
		s.find(runsNothing)
		return revision.NewScript(tidy(r.SQL()) + "SELECT 1;\n")
	}
	return r
}

// downBody makes a revision's down script; it is nil for an irreversible one.
func (m *migration) downBody() *revision.Script {
	s := m.down
	switch {
	case m.up.code != "" && (s == nil || s.code != ""):
		// Of an empty up script a missing down script means that there is nothing to undo.
		return revision.NewScript("DO $$ BEGIN RAISE EXCEPTION 'the way down of this revision has yet to be written'; END $$;\n")
	case s == nil && m.up.nothing:
		return revision.NewScript("")
	case s == nil || s.code != "":
		return nil
	}
	r := s.settle()
	if holdsNothing(r) && !m.up.nothing && m.up.code == "" {
		s.find(undoesNothing)
	}
	return r
}

func (s *script) find(what string) { s.findings = append(s.findings, finding{what: what}) }

// wanted is the text that stands where a person has to write: comments only, because
// `up` refuses an empty revision before it runs anything.
func (s *script) wanted() string {
	s.findings = append(s.findings, finding{needsPerson, s.code})
	text := s.code
	if s.sql != "" {
		text += "\n\nWhat is known of it:\n\n" + s.sql
	}
	var b strings.Builder
	// A carriage return would end the comment.
	for line := range strings.Lines(strings.ReplaceAll(text, "\r", "\n")) {
		b.WriteString(strings.TrimRight("-- "+line, " \r\n") + "\n")
	}
	return b.String()
}

// settle decides in which transaction the script runs. The SQL itself stays as it is,
// but for a BEGIN and a COMMIT around it.
func (s *script) settle() *revision.Script {
	sql := tidy(s.sql)
	if inside, all := withoutBlock(sql); inside != sql && (all || !s.alone) {
		if r := revision.NewScript(inside); !onlyAlone(r) {
			s.find(ownBlock)
			return r
		}
	}
	r := revision.NewScript(sql)
	r.Transactional = !s.alone
	if r.Transactional && onlyAlone(r) {
		if len(r.Statements()) > 1 {
			s.find(nowAlone)
		}
		r.Transactional = false
	}
	return r
}

// holdsNothing tells comments from psql commands, which are no statements either.
func holdsNothing(r *revision.Script) bool { return r.Empty() && !refused(r) }

// tidy cuts the blank lines around a script and ends its last line.
func tidy(sql string) string {
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

// onlyAlone says that the script is refused in a transaction, and not without one.
func onlyAlone(r *revision.Script) bool {
	in, out := revision.NewScript(r.SQL()), revision.NewScript(r.SQL())
	out.Transactional = false
	return refused(in) && !refused(out)
}

func refused(s *revision.Script) bool {
	up, _ := (&revision.Revision{ID: "a", Up: s}).Format()
	_, problems := revision.Parse(revision.Source{File: "a.up.sql", Text: up}, nil)
	return len(problems) > 0
}

// withoutBlock takes the statements that begin and end a transaction out of a script
// that has one of each, and returns any other as it is. all says that nothing stood
// outside of them.
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
	return tidy(text), begin == 0 && end == len(statements)-1
}

// cut takes a piece out of a text, and its line with it if nothing else is on it.
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

// ended puts a semicolon behind the last statement if it has none.
func ended(sql string) string {
	r := revision.NewScript(sql)
	statements := r.Statements()
	if len(statements) == 0 {
		return sql
	}
	last := statements[len(statements)-1]
	// A semicolon behind it may be in a comment: only what follows tells.
	open := len(revision.NewScript(sql+"\nSELECT 1").Statements()) == len(statements)
	if last.Data > 0 || !open {
		return sql
	}
	return r.Text[1:last.End] + ";" + r.Text[last.End:]
}

// line is the number of the line that an offset is in.
func line(text string, offset int) int { return strings.Count(text[:offset], "\n") + 1 }

func at(file, text string, offset int) string { return fmt.Sprintf("%s:%d", file, line(text, offset)) }
