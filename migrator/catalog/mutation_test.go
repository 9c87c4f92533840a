package catalog_test

import (
	"strings"
	"testing"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

func TestEachMutationChangesTheFingerprint(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, sql := range schematest.Mutations(t, lab.major, "structure", "comments") {
		changed := lab.mutate(t, sql)
		if changed.Fingerprint() == lab.base.Fingerprint() || changed.FullFingerprint() == lab.base.FullFingerprint() {
			t.Errorf("nothing changed: %s", sql)
		}
	}
}

func TestOwnersAndPrivilegesChangeTheFullFingerprintOnly(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, sql := range schematest.Mutations(t, lab.major, "facets") {
		changed := lab.mutate(t, sql)
		if changed.FullFingerprint() == lab.base.FullFingerprint() {
			t.Errorf("nothing changed: %s", sql)
		}
		if changed.Fingerprint() != lab.base.Fingerprint() {
			t.Errorf("the structure changed: %s\n%s", sql, schematest.Describe(lab.base.Compare(changed)))
		}
	}
}

func TestUncomparedStateDoesNotChangeTheFingerprint(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for _, sql := range schematest.Mutations(t, lab.major, "nothing") {
		changed := lab.mutate(t, sql)
		if d := lab.base.Compare(changed); len(d) > 0 || changed.FullFingerprint() != lab.base.FullFingerprint() {
			t.Errorf("%s\n%s", sql, schematest.Describe(d))
		}
	}
}

// lab is a database with an object of every kind. Mutations are rolled back.
type lab struct {
	conn  *pg.Conn
	role  string
	major int
	base  *schema.Schema
}

func newLab(t *testing.T) *lab {
	t.Helper()
	databaseURL := schematest.Own("kinds.sql").Load(t)
	conn := schematest.Connect(t, databaseURL)
	l := &lab{conn: conn, role: schematest.RoleName(t, databaseURL), major: conn.ServerVersion() / 10000}
	l.base = l.mutate(t, "SELECT")
	return l
}

// mutate returns the schema after the statements.
func (l *lab) mutate(t *testing.T, sql string) *schema.Schema {
	t.Helper()
	if s := schematest.ReadAfter(t, l.conn, strings.ReplaceAll(sql, "ROLE", l.role)); s != nil {
		return s
	}
	return l.base
}
