package revision

import (
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// The words of the comment lines of a drafted script that somebody has to act on: "-- destroys: column public.account.nick"
// and "-- asks for USING: column public.account.mood".
const (
	NoteDestroys = "destroys"
	NoteUsing    = "asks for USING"
)

// Note is such a line.
type Note struct {
	Pos
	Word string
	Kind string // of the object, such as "column" or "materialized view"
	Name string // of the object, as the server prints it
}

// Notes returns the notes of a script in their order. A line in a string or in a comment between slashes is none, and neither is a comment after a statement. It must not
// be called if the script is in its file.
func (s *Script) Notes() []Note {
	s.mustBeLoaded()
	if !strings.Contains(s.Text, "-- "+NoteDestroys+": ") && !strings.Contains(s.Text, "-- "+NoteUsing+": ") {
		return nil
	}
	var notes []Note
	for t := range sqltext.Tokens(s.Text) {
		if t.Kind != sqltext.Comment || t.Start < s.SQLStart || t.Start > 0 && s.Text[t.Start-1] != '\n' {
			continue
		}
		line := strings.TrimRight(s.Text[t.Start:t.End], "\r\n \t")
		word, object, found := strings.Cut(strings.TrimPrefix(line, "-- "), ": ")
		if !found || !strings.HasPrefix(line, "-- ") || word != NoteDestroys && word != NoteUsing {
			continue
		}
		kind, name := cutKind(object)
		p := sqltext.PositionAt(s.Text, t.Start)
		notes = append(notes, Note{Pos{s.File, p.Line, p.Column}, word, kind, name})
	}
	return notes
}

// cutKind splits "materialized view public.sales" at the end of its kind.
func cutKind(object string) (kind, name string) {
	words := 1
	if strings.HasPrefix(object, "materialized view ") {
		words = 2
	}
	parts := strings.SplitN(object, " ", words+1)
	if len(parts) <= words {
		return "", object
	}
	return strings.Join(parts[:words], " "), parts[words]
}
