package sqltext

import "testing"

func TestUnqualify(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		`CREATE TABLE public.a (b public."B", c "public".d) -- public.x`:  `CREATE TABLE a (b "B", c d) -- public.x`,
		`SELECT nextval('public.a_seq'::regclass), 'public.a'`:            `SELECT nextval('a_seq'::regclass), 'public.a'`,
		`SELECT setval('public."A"'::pg_catalog.regclass, 1)`:             `SELECT setval('"A"'::pg_catalog.regclass, 1)`,
		`GRANT SELECT ON public.t TO PUBLIC`:                              `GRANT SELECT ON t TO PUBLIC`,
		`SELECT public.t.c, x.public.y FROM public.t`:                     `SELECT t.c, x.public.y FROM t`,
		`SELECT $$public.a$$, publication.x, "Public".a`:                  `SELECT $$public.a$$, publication.x, "Public".a`,
		"COPY public.a (x) FROM stdin;\npublic.b\n\\.\nSELECT public.f()": "COPY a (x) FROM stdin;\npublic.b\n\\.\nSELECT f()",
		`SELECT 1 OPERATOR(public.+) 2`:                                   `SELECT 1 OPERATOR(+) 2`,
	} {
		if got, named := Unqualify(src, "public"); got != want || named {
			t.Errorf("%s\nbecomes %s, named %t\nwant    %s", src, got, named, want)
		}
	}
	if _, named := Unqualify("CREATE EXTENSION x WITH SCHEMA public", "public"); !named {
		t.Error("a schema by itself is not noticed")
	}
	if got, _ := Unqualify(`SELECT "o""k".a, 'it''s."o""k".b'::text`, `o"k`); got != `SELECT a, 'it''s."o""k".b'::text` {
		t.Error(got)
	}
}
