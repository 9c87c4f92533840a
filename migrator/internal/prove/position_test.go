package prove

import (
	"fmt"
	"testing"

	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

func TestPositionIsThatOfTheStatementWhichNamesTheObject(t *testing.T) {
	t.Parallel()
	const text = `CREATE TABLE "shop"."order" ("id" int);
CREATE INDEX "order_id_idx" ON "shop"."order" ("id");
CREATE TABLE archive.item (id int);
CREATE TABLE item (id int);
CREATE FUNCTION total(id bigint, day date) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION total(id bigint, at timestamp with time zone) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE FUNCTION "total" (id bigint) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION total() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE big.item_1 (id int);
CREATE FUNCTION sub_item() RETURNS int LANGUAGE sql AS 'SELECT 1';
`
	script := revision.NewScript(text)
	script.File = "a.up.sql"
	function := func(arguments string) *schema.Object {
		return &schema.Object{Key: schema.Key{Kind: schema.Function, Name: "public.total(" + arguments + ")"}, Schema: "public", Name: "total"}
	}
	table := &schema.Object{Key: schema.Key{Kind: schema.Table, Name: `shop."order"`}, Schema: "shop", Name: "order"}
	for _, test := range []struct {
		about *schema.Object
		line  int
	}{
		{table, 1},
		{&schema.Object{Schema: "shop", Name: "order_id_idx"}, 2},
		{&schema.Object{Name: "renamed", Parent: table}, 1},
		{&schema.Object{Schema: "archive", Name: "item"}, 3},
		{&schema.Object{Schema: "public", Name: "item"}, 4},
		{&schema.Object{Schema: "moved", Name: "item_1"}, 9},
		{&schema.Object{Schema: "public", Name: "b_item"}, 1},
		{function("bigint, date"), 5},
		{function("bigint, timestamp with time zone"), 6},
		{function("bigint"), 7},
		{function(""), 8},
	} {
		if got, want := position(script, test.about).String(), fmt.Sprintf("a.up.sql:%d:1", test.line+1); got != want {
			t.Errorf("%s %s: %s, not %s", test.about.Schema, test.about.Name, got, want)
		}
	}
}
