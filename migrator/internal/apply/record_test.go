package apply

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/plan"
)

// The closing write of an upgrade depends on the transaction in which the generation was raised,
// also when something ends it that no reader of the file notices. Nothing is recorded then.
func TestUpgradeIsRecordedInItsTransactionOnly(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{Settings: map[string]string{"max_prepared_transactions": "10"}})
	for _, c := range []struct{ body, generation, state string }{
		{"SELECT 1", "2", ""},
		{"SAVEPOINT s; CREATE TABLE x (); ROLLBACK TO s", "2", ""},
		{"SAVEPOINT s", "2", ""},

		{"SELECT 1 FROM ambix_meta FOR UPDATE", "2", ""},
		{"COMMIT", "2", "22P02"},
		{"COMMIT; BEGIN", "2", "22P02"},
		{"COMMIT; BEGIN; UPDATE ambix_meta SET generation = 1; COMMIT; BEGIN", "1", "22P02"},
		{"COMMIT AND CHAIN", "2", "22P02"},
		{"ROLLBACK", "1", "22P02"},
		{"ROLLBACK; BEGIN", "1", "22P02"},
		{"ROLLBACK; BEGIN; UPDATE ambix_meta SET generation = 1", "1", "22P02"},
		{"PREPARE TRANSACTION 'x'", "1", "22P02"},
		{"PREPARE TRANSACTION 'x'; BEGIN", "1", "22P02"},
		{"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "1", "25001"},
		{"ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ", "1", "22P02"},
		{"SET TRANSACTION READ ONLY", "1", "25006"},
		{"DELETE FROM ambix_meta", "1", "22P02"},
		{"TRUNCATE ambix_meta", "1", "22P02"},
		{"TRUNCATE ambix_meta; INSERT INTO ambix_meta VALUES (1, 7)", "1", "22P02"},
		{"UPDATE ambix_meta SET generation = 9", "1", "22P02"},
		{"SAVEPOINT s; UPDATE ambix_meta SET generation = 2", "1", "22P02"},
		{"DO $$ BEGIN UPDATE ambix_meta SET generation = 2; EXCEPTION WHEN others THEN RAISE; END $$", "1", "22P02"},
		{"ALTER TABLE ambix_meta RENAME TO other", "1", "42P01"},
		{"DELETE FROM ambix_revision", "1", "22P02"},
		{"TRUNCATE ambix_revision", "1", "22P02"},
		{"UPDATE ambix_revision SET revision = 'z9'", "1", "22P02"},
		{"INSERT INTO ambix_revision SELECT (jsonb_populate_record(r, '{\"revision\": \"b2\"}')).* FROM ambix_revision r", "1", "23505"},
		{"CREATE RULE r AS ON INSERT TO ambix_event DO INSTEAD NOTHING", "1", "0A000"},
	} {
		t.Run(c.body, func(t *testing.T) {
			url := server.Database(t)
			r := renderRunner()
			r.Role, r.SearchPath, r.ServerVersion = "", nil, server.Major*10000
			first := slices.Collect(r.render(planFrom(t, plan.VerbUp, "a1").Steps[0], r.frame(start{})))
			pgtest.Exec(t, url, newMessage(first).SQL)
			second := slices.Collect(r.render(planFrom(t, plan.VerbUp, "b2", "a1").Steps[0], r.frame(start{true, 1, "a1"})))
			statements := []string{c.body, "SELECT 1"}
			for i, p := range second {
				if p.kind == body {
					second[i] = part{kind: checking, sql: statements[p.index]} // any kind without a file
				}
			}
			conn, err := pgconn.Connect(context.Background(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close(context.Background()) }()
			_, err = conn.Exec(context.Background(), newMessage(second).SQL).ReadAll()
			state := ""
			if se := pg.ServerError(err); se != nil {
				state = se.Code
			}
			if state != c.state {
				t.Errorf("SQLSTATE %q, want %q: %v", state, c.state, err)
			}
			_ = conn.Close(context.Background()) // of an open transaction nothing stays
			want := "a1"
			if c.state == "" {
				want = "a1 b2"
			}
			if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ' ORDER BY revision) FROM ambix_revision"); got != want {
				t.Errorf("recorded: %s, want %s", got, want)
			}
			if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ' ORDER BY revision) FROM ambix_event"); got != want {
				t.Errorf("events: %s, want %s", got, want)
			}
			if got := pgtest.Value(t, url, "SELECT generation FROM ambix_meta"); got != c.generation {
				t.Errorf("generation %s, want %s", got, c.generation)
			}
			if strings.Contains(c.body, "PREPARE") {
				pgtest.Exec(t, url, "ROLLBACK PREPARED 'x'")
			}
		})
	}
}
