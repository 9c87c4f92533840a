package migrator

import (
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/revision"
)

// NamedSchema is a statement of a script whose effect is not in the schema that the search_path
// selects.
type NamedSchema struct {
	Revision, File string
	Line           int
	// Schema is that of the object that the statement creates, changes or writes. "": it
	// changes the search_path.
	Schema string
}

// NamedSchemas returns the statements that name a schema, parents first. For a fleet of schemas
// it is the same one for all targets, which is rarely meant. Objects that are only read do not
// count, and neither does the text of functions.
func (f *Files) NamedSchemas() []NamedSchema {
	var found []NamedSchema
	for _, r := range f.set.Ordered() {
		for _, script := range []*revision.Script{r.Up, r.DownScript()} {
			if script == nil {
				continue
			}
			if loaded, err := script.Loaded(); err == nil {
				found = append(found, namedSchemas(r.ID, loaded)...)
			}
		}
	}
	return found
}

func namedSchemas(id string, script *revision.Script) []NamedSchema {
	var found []NamedSchema
	for _, st := range script.All() {
		schema := sqltext.WrittenSchema(script.Text, st)
		if schema != "" || sqltext.SettingName(script.Text, st) == "search_path" {
			found = append(found, NamedSchema{id, script.File, sqltext.PositionAt(script.Text, st.Start).Line, schema})
		}
	}
	return found
}
