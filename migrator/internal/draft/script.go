package draft

import (
	"strings"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/schema"
)

// Undo returns the statements that revert a part, from those of ddl.Change between the two schemas. Without a transaction,
// indexes of tables that remain are built and dropped concurrently; one that replaces another is built before that is dropped.
func Undo(statements []ddl.Statement, from, to *schema.Schema, transactional bool) []ddl.Statement {
	parts := nonEmpty([]Part{{Statements: statements}})
	if len(parts) == 0 {
		return nil
	}
	if statements = parts[0].Statements; transactional {
		return statements
	}
	var list []ddl.Statement
	replaced := map[schema.Key]bool{}
	for _, st := range statements {
		switch name, isDrop := strings.CutPrefix(st.SQL, "DROP INDEX "); {
		case isDrop && isPlain(from.Object(st.Object)) && st.Does == ddl.Replaces && isPlain(to.Object(st.Object)):
			replaced[st.Object] = true
			continue
		case isDrop && isPlain(from.Object(st.Object)):
			st.SQL = "DROP INDEX CONCURRENTLY " + name
		case isIndex(st.SQL) && replaced[st.Object]:
			o := to.Object(st.Object)
			list = append(list, exchangeIndex(st, o, unusedName(from, to, o.Schema, o.Name))...)
			continue
		case isIndex(st.SQL) && hasMark(st, ddl.Scans):
			st = buildConcurrently(st, "")
		}
		list = append(list, st)
	}
	return list
}

// Script returns statements as a script, with a comment before each one that needs attention.
func Script(statements []ddl.Statement) string {
	var b strings.Builder
	for i, s := range statements {
		if i > 0 && s.Object != statements[i-1].Object {
			b.WriteString("\n")
		}
		for _, m := range s.Marks {
			b.WriteString(Comment(m) + "\n")
		}
		b.WriteString(s.SQL + ";\n")
	}
	return b.String()
}

// Comment returns the line for a mark, such as "-- destroys: column public.account.nickname". A name may contain a line end,
// which would end the comment, and is therefore made visible.
func Comment(m ddl.Mark) string {
	return "-- " + m.Effect.String() + ": " + text.Visible(strings.ToLower(m.Object.Kind.String())+" "+m.Object.Name)
}
