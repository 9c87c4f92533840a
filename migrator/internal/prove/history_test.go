package prove

import (
	"testing"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/schema"
)

// The changes of real schemas, with down scripts that are known to be right, must give no finding but the position of columns.
func TestRightDownScriptsOfPublicSchemasAreNotFound(t *testing.T) {
	t.Parallel()
	for _, h := range schematest.Histories(t) {
		t.Run(h.Project, func(t *testing.T) {
			t.Parallel()
			if !schematest.All() {
				h.States = h.States[len(h.States)-3:]
			}
			s := setup(t, chain(historyScripts(t, h)...))
			got, err := s.Inverse(t.Context(), s.Files.Ordered(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Failed) > 0 || len(got.Reverted) != len(h.States) {
				t.Errorf("%d of %d reverted: %v", len(got.Reverted), len(h.States), got.Failed)
			}
			for _, f := range got.Findings() {
				if f.Rule != rehearse.ForeignKeyIndex && f.Rule != rehearse.DuplicateIndex && f.Severity > rehearse.Note {
					t.Errorf("%s %s %s: %s", f.Severity, f.Rule, f.Pos, f.Text)
				}
			}
		})
	}
}

// historyScripts returns the up and down scripts that lead from one state of a history to the next.
func historyScripts(t *testing.T, h schematest.History) []string {
	t.Helper()
	before := schematest.Empty(t, 0)
	var scripts []string
	for _, path := range h.States {
		after := schematest.ReadDatabase(t, schematest.LoadState(t, path))
		if before.Version == 0 {
			before = schematest.Empty(t, after.Version)
		}
		for _, pair := range [][2]*schema.Schema{{before, after}, {after, before}} {
			statements, err := ddl.Change(pair[0], pair[1], ddl.Options{Destructive: true})
			if err != nil {
				t.Fatal(err)
			}
			scripts = append(scripts, ddl.Script(statements))
		}
		before = after
	}
	return scripts
}
