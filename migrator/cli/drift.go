package cli

import (
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// drift returns how to see what has changed. ahead: the database has revisions that this program does not, so that
// nobody can tell here what they make.
func (a adviser) drift(s *migrator.SchemaStatus, ahead bool) suggestion {
	other := func(words ...string) string {
		return a.otherLine(a.cmd, words, flagValue{"ignore", strings.Join(s.Ignore, ",")})
	}
	switch {
	case ahead:
		return suggestion{"a program that contains the unknown revisions can show what has changed in the schema", ""}
	case s.State == migrator.SchemaAccessChanged:
		return to("see which owners and privileges", other("diff", "--owners", "--privileges"))
	}
	return to("see which objects have changed", other("diff"))
}

// recordSchema returns what to do about a fingerprint that another version of the server left.
func (a adviser) recordSchema() suggestion {
	return to("record the schema as it is now", a.other("up", "--fingerprint", "on"))
}

// schema adds the state of the schema, if the last run recorded it.
func (v *statusView) schema() {
	if v.Schema == nil {
		if v.settings.Verbose && v.Exists {
			v.add("schema", terminal.Plain.Cell("not recorded"), terminal.Plain.Cell("the last run left no fingerprint to compare with"))
		}
		return
	}
	style := map[migrator.SchemaState]terminal.Style{migrator.SchemaChanged: terminal.Red, migrator.SchemaAccessChanged: terminal.Yellow}[v.Schema.State]
	v.add("schema", style.Cell(string(v.Schema.State)), terminal.Plain.Cell(v.Schema.String()))
}

func newSchemaStatusDocument(s *migrator.SchemaStatus) *schemaStatusDocument {
	if s == nil {
		return nil
	}
	d := &schemaStatusDocument{State: string(s.State), Fingerprint: s.Fingerprint, At: s.At.UTC(), By: s.By, From: s.From, Earlier: s.Earlier}
	if s.Err != nil {
		d.Reason = s.Err.Error()
	}
	return d
}
