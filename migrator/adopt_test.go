package migrator_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
)

func TestAdopt(t *testing.T) {
	t.Parallel()
	versions := map[string]string{"1": "a1", "2": "b2", "3": "c3"}
	for _, c := range []struct {
		name, sql string
		adopt     migrator.Adopt
		revisions string // recorded, or
		err       string // a part of the error
	}{
		{"alembic", "CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('b2')", migrator.Adopt{}, "a1 b2", ""},
		{"alembic at base", "CREATE TABLE alembic_version (version_num varchar(32))", migrator.Adopt{}, "", ""},
		{"alembic elsewhere", "CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('zz')", migrator.Adopt{}, "", "version zz is no revision of this program"},
		{"tern", "CREATE TABLE schema_version (version int4); INSERT INTO schema_version VALUES (2)", migrator.Adopt{Versions: versions}, "a1 b2", ""},
		{"goose", "CREATE TABLE goose_db_version (id serial, version_id bigint, is_applied bool); INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true), (3, true), (3, false)", migrator.Adopt{Versions: versions}, "a1 b2", ""},
		{"goose with a gap", "CREATE TABLE goose_db_version (id serial, version_id bigint, is_applied bool); INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (3, true)", migrator.Adopt{Versions: versions}, "", "revision b2 (add b2) must have been applied"},
		{"golang-migrate", "CREATE TABLE schema_migrations (version bigint, dirty bool); INSERT INTO schema_migrations VALUES (3, false)", migrator.Adopt{Versions: versions}, "a1 b2 c3", ""},
		{"golang-migrate dirty", "CREATE TABLE schema_migrations (version bigint, dirty bool); INSERT INTO schema_migrations VALUES (3, true)", migrator.Adopt{Versions: versions}, "", "version 3 is dirty"},
		{"dbmate", "CREATE TABLE schema_migrations (version varchar); INSERT INTO schema_migrations VALUES ('1')", migrator.Adopt{Versions: versions}, "a1", ""},
		{"two tools", "CREATE TABLE schema_version (version int4); CREATE TABLE alembic_version (version_num varchar(32))", migrator.Adopt{}, "", "several version tables were found: public.alembic_version (alembic), public.schema_version (tern)"},
		{"one of two", "CREATE SCHEMA s; CREATE TABLE schema_version (version int4); CREATE TABLE s.alembic_version (version_num varchar(32)); INSERT INTO s.alembic_version VALUES ('a1')", migrator.Adopt{Tool: "alembic"}, "a1", ""},
		{"none", "", migrator.Adopt{}, "", "say --baseline REV"},
		{"baseline", "", migrator.Adopt{Baseline: []string{"b2"}}, "a1 b2", ""},
		{"dry run", "", migrator.Adopt{Baseline: []string{"b2"}, DryRun: true}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			if c.sql != "" {
				pgtest.Exec(t, url, c.sql)
			}
			set := shop(t).set(migrator.Config{})
			_, err := set.Adopt(context.Background(), config(t, url), c.adopt)
			if c.err != "" {
				var e *migrator.AdoptError
				if !errors.As(err, &e) || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v", err)
				}
			} else if err != nil {
				t.Error(err)
			}
			st, err := set.Status(context.Background(), config(t, url))
			if err != nil {
				t.Fatal(err)
			}
			var applied []string
			for _, r := range st.Revisions {
				if r.State == migrator.Applied {
					applied = append(applied, r.Revision)
				}
			}
			if got := strings.Join(applied, " "); got != c.revisions {
				t.Errorf("applied: %q, want %q", got, c.revisions)
			}
		})
	}
}
