package revision

import "example.com/ambix/migrator/internal/sqltext"

// PlainScript reads SQL that is not part of a revision, such as the output of pg_dump. It has no header, is sent statement
// by statement as psql does it, and may contain any statement. The problems are sorted: encodings other than UTF-8,
// unterminated tokens, and psql meta-commands.
func PlainScript(src Source) (*Script, Problems) {
	s := &Script{File: src.File, Text: src.Text}
	if problem, _ := otherEncoding(src.Text); problem != "" {
		return s, Problems{{Pos: Pos{src.File, 1, 1}, Text: problem}}
	}
	_, errs := sqltext.Split(src.Text)
	var found []finding
	for _, err := range errs {
		found = append(found, finding{err.Offset, err.Message})
	}
	var all FileProblems
	all.Add(locate(s.File, s.Text, found)...)
	return s, all.All()
}
