package importer

import (
	"slices"
	"testing"
)

func TestSettingsLeftBehindAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql  string
		want []string
	}{
		{"SET search_path TO shop;\nCREATE TABLE a ();", []string{"SET search_path TO shop"}},
		{"set\n  search_path = 'shop', public", []string{"set search_path = 'shop', public"}},
		{"SET SESSION search_path TO shop; SET ROLE owner;", []string{"SET SESSION search_path TO shop", "SET ROLE owner"}},
		{"SET SCHEMA 'shop'", []string{"SET SCHEMA 'shop'"}},
		{"SET SESSION AUTHORIZATION owner", []string{"SET SESSION AUTHORIZATION owner"}},
		{"SELECT pg_catalog.set_config('search_path', 'shop', false)", []string{"SELECT pg_catalog.set_config('search_path', 'shop', false)"}},
		{"SET search_path TO shop; CREATE TABLE a (); RESET search_path;", nil},
		{"SET search_path TO shop; SET search_path TO DEFAULT;", nil},
		{"SET LOCAL search_path TO shop", nil},
		{"SELECT pg_catalog.set_config('search_path', 'shop', true)", nil},
		{"SELECT pg_catalog.set_config('search_path', '', false)", nil}, // every pg_dump
		{"SET search_path TO public; SET search_path TO '';", nil},
		{"SET statement_timeout = 0; SELECT 'SET search_path TO shop'", nil},
		{"CREATE FUNCTION f() RETURNS int SET search_path TO shop LANGUAGE sql AS 'SELECT 1'", nil},
	} {
		migrations := []migration{{up: script{sql: c.sql}}, {up: script{sql: "CREATE TABLE b ();"}}}
		findLeftSettings(migrations)
		var got []string
		for _, f := range migrations[0].up.findings {
			got = append(got, f.where)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", c.sql, got)
		}
	}
}

// A setting does not matter if the next migration sets it too, or if there is none.
func TestHarmlessSettingsAreNotReported(t *testing.T) {
	t.Parallel()
	const set = "SET search_path TO shop;\n"
	for _, next := range []string{set + "SELECT 1;", "-- begin\nBEGIN;\nSET lock_timeout = '1s';\n" + set + "COMMIT;"} {
		migrations := []migration{{up: script{sql: set}}, {up: script{sql: next}}}
		findLeftSettings(migrations)
		if len(migrations[0].up.findings)+len(migrations[1].up.findings) > 0 {
			t.Errorf("%s: %+v", next, migrations)
		}
	}
	late := []migration{{up: script{sql: set}}, {up: script{sql: "CREATE TABLE a ();\n" + set}}, {}}
	findLeftSettings(late)
	if len(late[0].up.findings) != 1 || len(late[1].up.findings) != 1 {
		t.Errorf("%+v", late)
	}
}
