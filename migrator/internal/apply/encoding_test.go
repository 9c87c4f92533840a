package apply_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

func TestBodyMayChangeEncoding(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE big (t text);\nINSERT INTO big VALUES ('"+strings.Repeat("x", 2<<20)+"');\n", "DROP TABLE big;").
		Add("b", "a", "SET client_encoding = 'LATIN1'; SET standard_conforming_strings = on;\nINSERT INTO big VALUES ('é');\nSELECT nix;", "").
		Migrator(migrator.Config{})
	_, err := m.Up(context.Background(), projecttest.Config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Revision != "b" || e.Line != 8 || e.Column != 8 {
		t.Fatalf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT sum(length(t)) FROM big"); got != "2097152" {
		t.Errorf("%s characters", got)
	}
}

// A function that changes the encoding in the first message of a large body does not change how
// the server reads what the ledger keeps.
func TestHiddenChangeOfEncodingDoesNotReachTheLedger(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	const hidden = "DO $$ BEGIN PERFORM set_config('client_encoding', 'LATIN1', false), set_config('standard_conforming_strings', 'off', false); END $$;\n"
	for _, c := range []struct{ id, padding string }{{"a", strings.Repeat("SELECT '"+strings.Repeat("x", 1000)+"';\n", 1100)}, {"b", ""}} {
		m := projecttest.New(t).Add(c.id, "", hidden+c.padding, "SELECT 'é\\n';").Migrator(migrator.Config{Ledger: "public." + c.id})
		if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil {
			t.Fatal(err)
		}
		if got := pgtest.Value(t, url+"&client_encoding=UTF8", "SELECT trim(E'\\n' from down_sql) FROM "+c.id+"_revision"); got != "SELECT 'é\\n';" {
			t.Errorf("%s: down script %s", c.id, got)
		}
	}
}

// Text arrives and positions are right, whatever the encoding of the database.
func TestPositionsAreRightInEveryEncoding(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	for _, encoding := range []string{"UTF8", "LATIN1", "SQL_ASCII"} {
		for _, through := range []string{"direct", "pooler"} {
			t.Run(encoding+" "+through, func(t *testing.T) {
				t.Parallel()
				direct := server.Database(t, "ENCODING '"+encoding+"' LC_COLLATE 'C' LC_CTYPE 'C'")
				url := direct
				if through == "pooler" {
					url = server.PgBouncer(t, map[string]string{"default_pool_size": "2"}).Through(direct)
				}
				ctx, cfg := context.Background(), projecttest.Config(t, url)
				p := projecttest.New(t).Add("a", "", "CREATE TABLE é (ä text);\nRESET ALL;\nINSERT INTO é VALUES ('é');", "DROP TABLE é; -- é").
					Add("b", "a", "INSERT INTO é VALUES ('ü');", "")
				if _, err := p.Migrator(migrator.Config{}).Up(ctx, cfg); err != nil {
					t.Fatal(err)
				}
				status, err := p.Migrator(migrator.Config{}).Status(ctx, cfg)
				if err != nil || status.Count(migrator.Applied) != 2 || status.Count(migrator.Modified) != 0 {
					t.Errorf("status: %+v, %v", status, err)
				}
				length := map[string]string{"UTF8": "1 1", "LATIN1": "1 1", "SQL_ASCII": "2 2"}[encoding]
				if got := pgtest.Value(t, direct+"&client_encoding=UTF8", "SELECT string_agg(length(ä)::text, ' ') FROM é"); got != length {
					t.Errorf("lengths %s, want %s", got, length)
				}
				for _, c := range []struct{ up, want string }{
					{"SELECT 'ééé', nix;", `c.up.sql:6:15: upgrade c (add c): column "nix" does not exist (42703)`},
					{"SELECT 1;\nSELECT 'ééé' FROM FROM x;", `c.up.sql:7:19: upgrade c (add c): syntax error at or near "FROM" (42601)`},
					{"SET client_encoding = 'LATIN1';\nSELECT 'ééé', nix;", `c.up.sql:7:15: upgrade c (add c): column "nix" does not exist (42703)`},
				} {
					_, err := p.Add("c", "b", c.up, "").Migrator(migrator.Config{}).Up(ctx, cfg)
					if err == nil || err.Error() != c.want {
						t.Errorf("%s\nhave %v\nwant %s", c.up, err, c.want)
					}
				}
				_, err = p.Add("c", "b", "SELECT 1;\nSELECT 'é — é';", "").Migrator(migrator.Config{}).Up(ctx, cfg)
				if encoding == "LATIN1" {
					want := `c.up.sql:7:11: upgrade c (add c): character with byte sequence 0xe2 0x80 0x94 in encoding "UTF8" has no equivalent in encoding "LATIN1" (22P05)`
					if err == nil || err.Error() != want {
						t.Errorf("have %v\nwant %s", err, want)
					}
				} else if err != nil {
					t.Error(err)
				}
			})
		}
	}
	// The character may be in a text that only the ledger stores.
	url := server.Database(t, "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
	_, err := projecttest.New(t).Add("a", "", "SELECT 1;", "SELECT '—';").Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Line != 0 || !strings.Contains(e.Hint, "the down script of the revision contains a character") {
		t.Errorf("%v, %+v", err, e)
	}
}

// A byte order mark and CRLF line endings are accepted. Literals keep their line endings, and
// positions are those in the file.
func TestByteOrderMarkAndCRLFAreAccepted(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := projecttest.New(t).Add("a", "", "CREATE TABLE x (t text);\nINSERT INTO x VALUES ('a\nb');\nCOPY x FROM stdin;\nrow\n\\.\nCREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$\nBEGIN\nRETURN 'c';\nEND\n$$;\nSELECT 1;", "DROP TABLE x;\nDROP FUNCTION f();")
	windows := func(name string) {
		f := p.Files[name]
		f.Data = append([]byte("\ufeff"), strings.ReplaceAll(string(f.Data), "\n", "\r\n")...)
	}
	windows("a.up.sql")
	windows("a.down.sql")
	if _, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(replace(replace(t, E'\\r', 'R'), E'\\n', 'N'), ',' ORDER BY t COLLATE \"C\") || ',' || f() FROM x"); got != "aRNb,row,c" {
		t.Errorf("%s", got)
	}
	p.Add("b", "a", "SELECT 'é',\n  nix;", "")
	windows("b.up.sql")
	_, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Line != 7 || e.Column != 3 || e.Excerpt() != "    7 |   nix;\n      |   ^\n" {
		t.Errorf("%v\n%q", err, e.Excerpt())
	}
	delete(p.Files, "b.up.sql")
	delete(p.Files, "b.down.sql")
	if _, err := p.Migrator(migrator.Config{}).Down(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Error(err)
	}
}

// Bytes that no server accepts are refused when the file is read, with their position.
func TestInvalidBytesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ up, want string }{
		{"SELECT 1;\nSELECT 'a\x00b';", "a.up.sql:7:10: NUL byte: SQL cannot contain one"},
		{"SELECT 1;\nSELECT 'é\xff';", "a.up.sql:7:10: invalid UTF-8: save the file as UTF-8"},
		{"-- caf\xe9\nSELECT 1;", "a.up.sql:6:7: invalid UTF-8: save the file as UTF-8"},
		{"SELECT '\xed\xa0\x80';", "a.up.sql:6:9: invalid UTF-8: save the file as UTF-8"},
		{"COPY x FROM stdin;\na\x00\n\\.\n", "a.up.sql:7:2: NUL byte: SQL cannot contain one"},
	} {
		p := projecttest.New(t).Add("a", "", c.up, "")
		_, err := migrator.New(p.Files, migrator.Config{})
		if err == nil || err.Error() != c.want {
			t.Errorf("%q\nhave %v\nwant %s", c.up, err, c.want)
		}
	}
}
