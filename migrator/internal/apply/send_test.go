package apply_test

import (
	"context"
	"errors"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// An audit trigger that stores current_query() sees what --send says: a whole batch, one
// revision, or one statement. What is applied is the same.
func TestSendDecidesWhatTriggersSee(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		send       migrator.Send
		neighbours bool // other statements of the same revision are in the query
		revisions  bool // and other revisions
	}{
		{"", true, true},
		{migrator.SendRevision, true, false},
		{migrator.SendStatement, false, false},
	} {
		for _, header := range []string{"transaction: on", projecttest.NonTransactional} {
			url := pgtest.Database(t)
			m := projecttest.New(t).
				Add("a", "", "CREATE TABLE audit (query text);\nCREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit VALUES (pg_catalog.current_query()); RETURN NULL; END';\nCREATE TABLE x (id int);\nCREATE TRIGGER audit AFTER INSERT ON x FOR EACH STATEMENT EXECUTE FUNCTION audit();", "").
				Add("b", "a", "CREATE TABLE b_before (id int);\nINSERT INTO x VALUES (1);\nCREATE TABLE b_after (id int);", "", header).
				Add("c", "b", "CREATE TABLE c_table (id int);", "").
				Migrator(migrator.Config{Send: c.send})
			report, err := m.Up(context.Background(), projecttest.Config(t, url))
			if err != nil || projecttest.Steps(report) != "up a, up b, up c" {
				t.Fatalf("%s, %s: %+v, %v", c.send, header, report, err)
			}
			got := pgtest.Value(t, url, "SELECT (query LIKE '%b_before%' OR query LIKE '%ambix_revision%') || ' ' || (query LIKE '%c_table%') FROM audit")
			want := map[bool]string{true: "true", false: "false"}
			neighbours, revisions := c.neighbours, c.revisions && header == "transaction: on"
			if got != want[neighbours]+" "+want[revisions] {
				t.Errorf("%s, %s: %s", c.send, header, got)
			}
		}
	}
}

// Errors are located, and revisions rolled back, whatever is sent at a time.
func TestSendStatementRollsBackAndLocates(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int);\nINSERT INTO x VALUES (1);\nSELECT nonsense;", "")
	_, err := p.Migrator(migrator.Config{Send: migrator.SendStatement}).Up(context.Background(), projecttest.Config(t, url))
	e, ok := errors.AsType[*migrator.RevisionError](err)
	if !ok || e.Line != 8 || e.Column != 8 {
		t.Fatalf("%v, %+v", err, e)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname = 'x'"); got != "0" {
		t.Error("a part of the revision was kept")
	}
	// The codes with which a server refuses a whole message, without a position.
	for _, code := range []string{pg.SyntaxError, pg.UntranslatableCharacter, pg.CharacterNotInRepertoire, pg.ProtocolViolation} {
		raised := projecttest.New(t).
			Add("a", "", "CREATE TABLE x (id int);\nDO $$BEGIN RAISE 'refused' USING ERRCODE = '"+code+"'; END$$;", "")
		_, err = raised.Migrator(migrator.Config{Send: migrator.SendStatement}).Up(context.Background(), projecttest.Config(t, url))
		if e, ok := errors.AsType[*migrator.RevisionError](err); !ok || e.Line != 7 || e.SQLState != code {
			t.Errorf("%s: %v, %+v", code, err, e)
		}
	}
	off := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int);\nINSERT INTO x VALUES (1);\nSELECT nonsense;", "", projecttest.NonTransactional)
	_, err = off.Migrator(migrator.Config{Send: migrator.SendStatement}).Up(context.Background(), projecttest.Config(t, url))
	if e, ok := errors.AsType[*migrator.RevisionError](err); !ok || !e.NonTransactional || e.StatementsDone != 2 || e.Line != 9 {
		t.Fatalf("%v, %+v", err, e)
	}
	fixed := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int);\nINSERT INTO x VALUES (1);\nCREATE INDEX CONCURRENTLY x_id ON x (id);", "", projecttest.NonTransactional)
	if _, err := fixed.Migrator(migrator.Config{Send: migrator.SendStatement}).Up(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM x"); got != "1" {
		t.Errorf("%s rows", got)
	}
}
