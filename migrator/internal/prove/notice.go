package prove

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/revision"
)

// SQLSTATEs of notices: of a name that was cut, and of RAISE WARNING without another.
const (
	nameTooLong   = "42622"
	raisedWarning = "01000"
)

// existed are the SQLSTATEs of "already exists, skipping": table, object, schema, column and function.
var existed = []string{"42P07", "42710", "42P06", "42701", "42723"}

// noticeFinding returns the finding for a message of the server about an up script. ok is false if it does not matter:
// messages that the script itself raises, and those about DROP … IF EXISTS.
func noticeFinding(n apply.Notice, r *revision.Revision) (f rehearse.Finding, ok bool) {
	f = rehearse.Finding{Rule: rehearse.Notice, Severity: rehearse.Warning, Revision: r.ID, Pos: position(r.Up), Text: "the server says: " + n.Text}
	if n.Line > 0 {
		f.Pos = revision.Pos{File: r.Up.File, Line: n.Line, Column: 1}
	}
	f.Why = n.Detail
	switch {
	case n.SQLState == nameTooLong:
		return cutName(r, f.Pos, f.Text), true // in a statement that a function made
	case n.Severity == "WARNING":
		f.Safe = n.Hint
	case n.Severity != "NOTICE":
		return f, false
	case slices.Contains(existed, n.SQLState):
		if createsShared(r.Up, n.Line) {
			return f, false
		}
		f.Severity = rehearse.Note
		f.Why = "the statement did nothing: what exists may be something else than it would have made"
	case strings.HasPrefix(n.Text, "drop cascades to ") || strings.HasPrefix(n.Text, "truncate cascades to "):
		f.Safe = "name what is to be dropped, and leave out CASCADE"
	default:
		return f, false
	}
	return f, true
}

// createsShared reports whether a statement of a line makes an extension or a schema, which several revisions may make sure
// of.
func createsShared(script *revision.Script, line int) bool {
	loaded, err := script.Loaded()
	if err != nil {
		return false
	}
	locator := sqltext.NewLocator(loaded.Text)
	return slices.ContainsFunc(loaded.Statements(), func(st sqltext.Statement) bool {
		at := locator.At(st.Start).Line
		return at == line && (strings.HasPrefix(st.Keywords, "CREATE EXTENSION") || strings.HasPrefix(st.Keywords, "CREATE SCHEMA"))
	})
}

// longestName is the largest length of a name in bytes: NAMEDATALEN-1.
const longestName = 63

// longNames finds names that the server cuts. It says so when it reads a message, before the first statement, so that the
// notice does not tell where.
func longNames(r *revision.Revision) []rehearse.Finding {
	loaded, err := r.Up.Loaded()
	if err != nil {
		return nil
	}
	var found []rehearse.Finding
	locator := sqltext.NewLocator(loaded.Text)
	seen := map[string]bool{}
	for t := range sqltext.Tokens(loaded.Text[loaded.SQLStart:]) {
		name := loaded.SQL()[t.Start:t.End]
		if t.Kind == sqltext.QuotedName {
			name = strings.ReplaceAll(strings.Trim(name, `"`), `""`, `"`)
		}
		if t.Kind != sqltext.Word && t.Kind != sqltext.QuotedName || len(name) <= longestName || seen[name] {
			continue
		}
		seen[name] = true
		at := locator.At(loaded.SQLStart + t.Start)
		found = append(found, cutName(r, revision.Pos{File: r.Up.File, Line: at.Line, Column: at.Column}, "the server cuts the name "+text.Quote(name)+" to 63 bytes"))
	}
	return found
}

func cutName(r *revision.Revision, at revision.Pos, what string) rehearse.Finding {
	return rehearse.Finding{
		Rule: rehearse.CutName, Severity: rehearse.Warning, Revision: r.ID, Pos: at, Text: what,
		Why: "the object has another name than the file says, and a second name with the same beginning is taken for the same one", Safe: "choose a shorter name",
	}
}
