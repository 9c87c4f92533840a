package migrator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

const draftRows = `INSERT INTO town SELECT i, 'town ' || i FROM generate_series(1, 100) i;
INSERT INTO account SELECT i, 'name ' || i, 'nick ' || i, 'ok', i % 100 + 1, i FROM generate_series(1, 1000) i;`

// draftSafely needs every form that does not block others.
const draftSafely = `CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE town (id int PRIMARY KEY, name text);
CREATE TABLE account (id bigint PRIMARY KEY, name text NOT NULL UNIQUE, mood mood DEFAULT 'happy', a int NOT NULL REFERENCES town, b int CHECK (b > 0), nick text, points int DEFAULT 5);
CREATE INDEX account_b ON account (b); CREATE UNIQUE INDEX account_a ON account (a, id);`

func TestDraftKeepsRows(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	p := draftProject(t)
	m := schemaMigrator(p, cfg, "")
	if _, err := m.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, draftRows)
	const rows = "SELECT md5(string_agg(concat_ws('|', id, name, mood, a, b), ',' ORDER BY id)) || (SELECT md5(string_agg(concat_ws('|', t), ',' ORDER BY id)) FROM town t) FROM account"
	before := pgtest.Value(t, url, rows)
	d := draft(t, m, draftSafely, migrator.DraftOptions{Renames: []string{"public.account.nickname:nick"}})
	if len(d.Destroys()) > 0 {
		t.Error(draftText(d))
	}
	m = withDraft(p, d).Migrator(migrator.Config{})
	if _, err := m.Up(t.Context(), cfg); err != nil {
		t.Fatalf("%v\n%s", err, draftText(d))
	}
	if after := pgtest.Value(t, url, rows); after != before {
		t.Error("the rows have changed")
	}
	if n := pgtest.Value(t, url, "SELECT count(*) FROM account WHERE nick = 'nick ' || id AND points = 5"); n != "1000" {
		t.Errorf("%s rows", n)
	}
	if _, err := m.Down(t.Context(), cfg, "a1"); err != nil {
		t.Fatalf("%v\n%s", err, draftText(d))
	}
	if after := pgtest.Value(t, url, rows); after != before {
		t.Error("the rows have changed")
	}
	if n := pgtest.Value(t, url, "SELECT count(*) FROM account WHERE nickname = 'nick ' || id"); n != "1000" {
		t.Errorf("%s rows", n)
	}
}

// While the statements of a draft run, another session reads and writes the table; once a statement has locked it out, no
// further one looks at the rows.
func TestDraftDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	p := draftProject(t)
	m := schemaMigrator(p, cfg, "")
	if _, err := m.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, draftRows)
	d := draft(t, m, draftSafely, migrator.DraftOptions{NoRename: true})
	s := &lockTest{T: t, runner: newSession(t, url), other: newSession(t, url), old: newSession(t, url)}
	for _, r := range d.Revisions {
		if r.Up.Transactional {
			s.transaction(r)
		} else {
			s.concurrently(r)
		}
	}
	if s.checked < 6 {
		t.Errorf("only %d statements were checked:\n%s", s.checked, draftText(d))
	}
}

type lockTest struct {
	*testing.T
	runner, other, old *pgconn.PgConn
	checked            int
}

func newSession(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func (s *lockTest) exec(conn *pgconn.PgConn, sql string) string {
	s.Helper()
	results, err := conn.Exec(s.Context(), sql).ReadAll()
	if err != nil {
		s.Fatalf("%s: %v", sql, err)
	}
	if last := results[len(results)-1]; len(last.Rows) == 1 {
		return string(last.Rows[0][0])
	}
	return ""
}

// readAndWrite fails the test if another session has to wait.
func (s *lockTest) readAndWrite(during string) {
	s.Helper()
	s.checked++
	_, err := s.other.Exec(s.Context(), "SET lock_timeout = '3s'; SELECT count(*) FROM account; UPDATE account SET b = b + 1 WHERE id = 7; INSERT INTO account (id, name, a, b) SELECT max(id) + 1, 'name ' || max(id) + 1, 1, 1 FROM account").ReadAll()
	if err != nil {
		s.Errorf("during %s: %v", during, err)
	}
}

func (s *lockTest) scans() string {
	return s.exec(s.runner, "SELECT pg_stat_get_xact_numscans('account'::regclass) + pg_stat_get_xact_numscans('town'::regclass)")
}

func (s *lockTest) transaction(r *revision.Revision) {
	s.Helper()
	s.exec(s.runner, "BEGIN")
	locked := false
	for _, st := range r.Up.Statements() {
		sql := r.Up.Text[st.Start:st.End]
		before := s.scans()
		s.exec(s.runner, sql)
		// A new value of an enum and a validation block nobody.
		locked = locked || !strings.Contains(sql, "VALIDATE CONSTRAINT") && !strings.Contains(sql, "ADD VALUE")
		if !locked {
			s.readAndWrite(sql)
		} else if after := s.scans(); after != before {
			s.Errorf("%s reads the table that others wait for", sql)
		}
	}
	s.exec(s.runner, "COMMIT")
	s.readAndWrite("the time after " + r.Message)
}

// concurrently runs statements while an old transaction lets each index build wait in the middle.
func (s *lockTest) concurrently(r *revision.Revision) {
	s.Helper()
	for _, st := range r.Up.Statements() {
		sql := r.Up.Text[st.Start:st.End]
		if !strings.Contains(sql, "CONCURRENTLY") {
			s.exec(s.runner, sql)
			continue
		}
		s.exec(s.old, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM account")
		done := make(chan error, 1)
		go func() {
			_, err := s.runner.Exec(s.Context(), sql).ReadAll()
			done <- err
		}()
		for s.exec(s.other, fmt.Sprintf("SELECT count(*) FROM pg_locks WHERE pid = %d AND NOT granted", s.runner.PID())) == "0" {
			select {
			case err := <-done:
				s.Fatalf("%s did not wait: %v", sql, err)
			case <-time.After(10 * time.Millisecond):
			}
		}
		s.readAndWrite(sql)
		s.exec(s.old, "COMMIT")
		if err := <-done; err != nil {
			s.Fatalf("%s: %v", sql, err)
		}
	}
}

// What a draft says that its scripts lock is what a rehearsal sees.
func TestDraftLocksAreThoseOfARehearsal(t *testing.T) {
	t.Parallel()
	const parts = `CREATE TABLE part (k int, v text) PARTITION BY LIST (k); CREATE TABLE part1 PARTITION OF part FOR VALUES IN (1);`
	for name, test := range map[string]struct{ base, sql string }{
		"safe forms": {draftBase, draftSafely},
		"indexes again": {draftBase, `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE account (id bigint PRIMARY KEY, name text UNIQUE, nickname text NOT NULL, mood mood, a int, b int);
CREATE INDEX account_a ON account (a, b); CREATE TABLE town (id int, name text);`},
		"partitions":       {parts, parts + "CREATE INDEX part_v ON part (v); ALTER TABLE part ADD CHECK (k > 0);"},
		"key of partition": {parts, parts + "ALTER TABLE part ADD UNIQUE (k); CREATE TABLE more (k int REFERENCES part (k));"},
		"domain":           {"CREATE DOMAIN d AS int; CREATE TABLE t (a d);", "CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE TABLE t (a d);"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := projecttest.Config(t, pgtest.Database(t))
			p := projecttest.New(t).Add("a1", "", test.base, "-")
			d := draft(t, schemaMigrator(p, cfg, ""), test.sql, migrator.DraftOptions{NoRename: true})
			claimed, seen := map[string]schema.LockMode{}, map[string]schema.LockMode{}
			for _, l := range d.Locks {
				claimed[l.Revision+" "+l.Object.Name] = l.Mode
			}
			r, err := schemaMigrator(withDraft(p, d), cfg, "").Rehearse(t.Context(), migrator.RehearseOptions{From: []string{"a1"}, UpOnly: true})
			if err != nil || len(r.NotRehearsed) > 0 {
				t.Fatal(err, r.NotRehearsed)
			}
			for _, step := range r.Steps {
				for _, st := range step.Statements {
					for _, l := range st.Locks {
						if key := step.Revision + " " + l.Name; l.Mode != schema.AccessShare && l.Mode.Strength() > seen[key].Strength() {
							seen[key] = l.Mode
						}
					}
				}
			}
			if diff := cmp.Diff(seen, claimed); diff != "" {
				t.Errorf("%s\n%s", diff, draftText(d))
			}
		})
	}
}
