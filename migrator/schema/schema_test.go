package schema

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestKeywordsAreSorted(t *testing.T) {
	t.Parallel()
	if !slices.IsSorted(keywords) {
		t.Error("isKeyword searches a sorted list")
	}
}

func TestEveryKindHasAWord(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := Namespace; k <= DefaultPrivileges; k++ {
		if word := k.String(); word == "" || seen[word] {
			t.Errorf("kind %d has the word %q", k, word)
		} else {
			seen[word] = true
		}
	}
	if got := (DefaultPrivileges + 1).String(); got != "OBJECT" {
		t.Errorf("an unknown kind is called %q", got)
	}
}

func TestPrivilegesAreTheDifferenceFromTheDefault(t *testing.T) {
	t.Parallel()
	const tableDefault, functionDefault = "{ann=arwdDxt/ann}", "{=X/ann,ann=X/ann}"
	for _, test := range []struct {
		name string
		acl  ACL
		want string
	}{
		{"NULL", ACL{}, ""},
		{"the explicit default", ACL{tableDefault, tableDefault, "arwdDxt", "ann"}, ""},
		{"the order does not count", ACL{"{ann=X/ann,=X/ann}", functionDefault, "X", "ann"}, ""},
		{"revoked from PUBLIC", ACL{"{ann=X/ann}", functionDefault, "X", "ann"}, "- PUBLIC EXECUTE"},
		{"nothing left", ACL{"{}", tableDefault, "arwdDxt", "ann"}, "- OWNER ALL"},
		{"some revoked from the owner", ACL{"{ann=arwDxt/ann}", tableDefault, "arwdDxt", "ann"}, "- OWNER DELETE"},
		{"grant option for the owner", ACL{"{ann=ar*wdDxt/ann}", tableDefault, "arwdDxt", "ann"}, "+ OWNER SELECT*"},
		{"all", ACL{"{ann=arwdDxt/ann,bob=arwdDxt/ann}", tableDefault, "arwdDxt", "ann"}, "+ bob ALL"},
		{"all with grant option", ACL{"{ann=arwdDxt/ann,bob=a*r*w*d*D*x*t*/ann}", tableDefault, "arwdDxt", "ann"}, "+ bob ALL*"},
		{"all of a newer version", ACL{"{ann=arwdDxtm/ann,bob=arwdDxtm/ann}", "{ann=arwdDxtm/ann}", "arwdDxtm", "ann"}, "+ bob ALL"},
		{"two grantors", ACL{"{ann=X/ann,bob=X*/ann,eve=X/bob}", functionDefault, "X", "ann"}, "- PUBLIC EXECUTE\n+ bob EXECUTE*\n+ eve EXECUTE bob"},
		{"a column", ACL{"{bob=r/ann}", "", "arwx", "ann"}, "+ bob SELECT"},
		{"a role called OWNER", ACL{`{OWNER=r/ann,PUBLIC=r/ann}`, "", "arwx", "ann"}, "+ \"OWNER\" SELECT\n+ \"PUBLIC\" SELECT"},
		{"quoted roles", ACL{`{"\"a=b/c\"=r/ann","\"x\"\"y\"=r/\"a,b\""}`, "", "arwx", "ann"}, "+ \"a=b/c\" SELECT\n+ \"x\"\"y\" SELECT \"a,b\""},
		{"an unknown privilege", ACL{"{bob=q/ann}", "", "arwx", "ann"}, "+ bob q"},
	} {
		got, err := test.acl.Privileges()
		if err != nil || got != test.want {
			t.Errorf("%s: got %q, %v; want %q", test.name, got, err, test.want)
		}
	}
}

func TestMalformedACLIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"x", "{", "{x}", "{a=r}", "{=}"} {
		_, err := ACL{Text: text}.Privileges()
		if _, ok := errors.AsType[*ACLError](err); !ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCastArraysAreNormalized(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"(ARRAY['a'::character varying])::text[]":                    "ARRAY[('a'::character varying)::text]",
		"(ARRAY[f(1, 2), '(ARRAY['::text])::numeric(10,2)[]":         "(ARRAY[f(1, 2), '(ARRAY['::text])::numeric(10,2)[]", // a modifier: left alone
		"((ARRAY[1, b])::double precision[] || x)":                   "(ARRAY[(1)::double precision, (b)::double precision] || x)",
		"(ARRAY[a[1], b])::text[]":                                   "(ARRAY[a[1], b])::text[]", // a[1] can be an array of a domain
		"ARRAY[]::text[]":                                            "ARRAY[]::text[]",
		"ARRAY[]":                                                    "ARRAY[]",
		"(ARRAY[])::text[]":                                          "(ARRAY[])::text[]",
		"(ARRAY[ARRAY[1, 2], ARRAY[3, 4]])::text[]":                  "ARRAY[ARRAY[(1)::text, (2)::text], ARRAY[(3)::text, (4)::text]]",
		"(ARRAY[ARRAY[]::integer[], a])::text[]":                     "ARRAY[(ARRAY[]::integer[])::text[], (a)::text[]]",
		"(ARRAY[(a)::integer[], b])::text[]":                         "ARRAY[((a)::integer[])::text[], (b)::text[]]",
		"'(ARRAY[1])::text[]'":                                       "'(ARRAY[1])::text[]'",
		"(ARRAY[(ARRAY[1])::int[], x])::text[]":                      "ARRAY[ARRAY[((1)::int)::text], (x)::text[]]",
		"(ARRAY[1, 2])[1]":                                           "(ARRAY[1, 2])[1]",
		"(ARRAY[1":                                                   "(ARRAY[1",
		"(ARRAY[1])::text":                                           "(ARRAY[1])::text",
		"x = ANY (ARRAY[('a'::character varying)::text])":            "x = ANY (ARRAY[('a'::character varying)::text])",
		"(k = ANY (ARRAY['a'::character varying, f(x, y)]::text[]))": "(k = ANY (ARRAY['a'::character varying::text, f(x, y)::text]))",
	} {
		if got := NormalText(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
		if got := NormalText(NormalText(text)); got != want {
			t.Errorf("%s is not a fixpoint", want)
		}
	}
}

func TestNamesOfConstantsAreNotCompared(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"SELECT 1,\n NULL::integer AS int4\n FROM t":                           "SELECT 1,\n NULL::integer\n FROM t",
		"SELECT NULL::character varying(10) AS \"varchar\", 'x'::text AS text": "SELECT NULL::character varying(10), 'x'::text",
		"SELECT NULL::timestamp(3) with time zone AS timestamptz":              "SELECT NULL::timestamp(3) with time zone",
		"SELECT NULL::integer[] AS int4, NULL::app.mood AS mood":               "SELECT NULL::integer[], NULL::app.mood",
		"SELECT NULL::app.\"Mood\" AS \"Mood\"":                                "SELECT NULL::app.\"Mood\"",
		"SELECT NULL::numeric(8,2) AS \"numeric\"":                             "SELECT NULL::numeric(8,2)",
		"SELECT x::integer AS id, 'a' AS int4":                                 "SELECT x::integer AS id, 'a' AS int4",
		"WITH q(a) AS (SELECT 1::bigint) SELECT 1::int8range AS int8":          "WITH q(a) AS (SELECT 1::bigint) SELECT 1::int8range AS int8",
		"SELECT a::text || ' AS text'":                                         "SELECT a::text || ' AS text'",
		"x::":                                                                  "x::",
		"x:: AS ":                                                              "x:: AS ",
	} {
		if got := comparableText(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func FuzzNormalText(f *testing.F) {
	f.Add("x = ANY ((ARRAY['a'::character varying, 'b'])::text[])")
	f.Add("((ARRAY[1])::a[])::b[]")
	f.Add("(ARRAY[(ARRAY[1])::int[], f(x, y)])::double precision[]")
	f.Fuzz(func(t *testing.T, text string) {
		normal := NormalText(text)
		if again := NormalText(normal); again != normal {
			t.Errorf("%q\n is %q\n and then %q", text, normal, again)
		}
		comparableText(text)
	})
}

func FuzzPrivileges(f *testing.F) {
	f.Add(`{ann=arwdDxt/ann,=r/ann,"\"odd role\"=r*/joe"}`)
	f.Fuzz(func(t *testing.T, text string) {
		acl := ACL{Text: text, Default: "{ann=arwdDxt/ann}", All: "arwdDxt", Owner: "ann"}
		if _, err := acl.Privileges(); err == nil && !strings.HasPrefix(text, "{") && text != "" {
			t.Errorf("%q was accepted", text)
		}
	})
}

// build returns a schema of objects whose facts are given as name=value.
func build(t *testing.T, version int, objects map[Key][]string) *Schema {
	t.Helper()
	var list []*Object
	for key, facts := range objects {
		o := &Object{Key: key}
		for _, f := range facts {
			name, value, _ := strings.Cut(f, "=")
			o.AddFact(name, value)
		}
		list = append(list, o)
	}
	s, err := New(version, list, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTextOfOtherClassesIsNotComparable(t *testing.T) {
	t.Parallel()
	view, column := Key{View, "public.v"}, Key{Column, "public.t.c"}
	old := build(t, 150004, map[Key][]string{view: {"query=SELECT g.id FROM g"}, column: {"type=integer"}})
	for _, test := range []struct {
		name    string
		version int
		query   string
		facts   []string
		want    Change
	}{
		{"equal text", 160000, "SELECT g.id FROM g", nil, 0},
		{"other text, same class", 140009, "SELECT id FROM g", nil, Changed},
		{"other text, other class", 160000, "SELECT id FROM g", nil, NotComparable},
		{"a fact that is not text", 160000, "SELECT id FROM g", []string{"security barrier=true"}, Changed},
	} {
		now := build(t, test.version, map[Key][]string{view: append(test.facts, "query="+test.query), column: {"type=integer"}})
		var got Change
		if d := old.Compare(now); len(d) > 0 {
			got = d[0].Change
		}
		if got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestPropertiesThatAVersionDoesNotRecordAreNotComparable(t *testing.T) {
	t.Parallel()
	column := Key{Column, "public.t.c"}
	old := build(t, 170002, map[Key][]string{column: {"type=integer"}})
	now := build(t, 180000, map[Key][]string{column: {"type=integer", "not null name=custom"}})
	d := old.Compare(now)
	if len(d) != 1 || d[0].Change != NotComparable || !d[0].Facts[0].NotComparable {
		t.Errorf("%+v", d)
	}
}

func TestFacetsCanBeLeftOut(t *testing.T) {
	t.Parallel()
	key, defaults := Key{Table, "public.t"}, Key{DefaultPrivileges, "FOR ROLE ann ON TABLES"}
	plain := build(t, 180000, map[Key][]string{key: {"unlogged=true"}})
	dressed := build(t, 180000, map[Key][]string{
		key:      {"unlogged=true", "owner=ann", "privileges=+ bob SELECT", "comment=text", "label selinux=x"},
		defaults: {"privileges=+ bob SELECT"},
	})
	if d := plain.Compare(dressed, AllFacets); len(d) != 0 {
		t.Errorf("%+v", d)
	}
	if d := plain.Compare(dressed, Owner, Comment); len(d) != 2 || len(d[0].Facts) != 2 {
		t.Errorf("%+v", d)
	}
	if plain.Fingerprint() == dressed.Fingerprint() || plain.FullFingerprint() == dressed.FullFingerprint() {
		t.Error("comments and labels belong to both fingerprints")
	}
	owned := build(t, 180000, map[Key][]string{key: {"unlogged=true", "owner=ann", "privileges=+ bob SELECT"}, defaults: {"privileges=+ bob SELECT"}})
	if plain.Fingerprint() != owned.Fingerprint() || plain.FullFingerprint() == owned.FullFingerprint() {
		t.Error("owners and privileges belong to the full fingerprint only")
	}
	if got := len(dressed.Hashes(AllFacets)); got != 1 {
		t.Errorf("%d hashes", got)
	}
}

func TestPartsOfNewObjectsAreNotListed(t *testing.T) {
	t.Parallel()
	table := &Object{Key: Key{Table, "public.t"}}
	column := &Object{Key: Key{Column, "public.t.c"}, Parent: table}
	full, err := New(180000, []*Object{table, column}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	empty := build(t, 180000, nil)
	if d := empty.Compare(full); len(d) != 1 || d[0].Key != table.Key || d[0].Change != Added {
		t.Errorf("%+v", d)
	}
	if d := full.Compare(empty); len(d) != 1 || d[0].Change != Removed {
		t.Errorf("%+v", d)
	}
}

func TestNewSortsAndFindsDependents(t *testing.T) {
	t.Parallel()
	table, view := &Object{Key: Key{Table, "public.t"}}, &Object{Key: Key{View, "public.v"}}
	second, first := &Object{Key: Key{Column, "public.t.a"}, Parent: table}, &Object{Key: Key{Column, "public.t.b"}, Parent: table}
	check, index := &Object{Key: Key{Constraint, "b ON public.t"}}, &Object{Key: Key{Index, "public.i"}}
	table.Parts = []*Object{check, first, index, second}
	view.Needs = []Need{{second, 'n'}, {table, 'n'}, {second, 'n'}}
	s, err := New(180000, []*Object{view, check, second, index, first, table}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := table.Columns(); len(got) != 2 || got[0] != first || got[1] != second {
		t.Error("columns keep their order")
	}
	if table.Parts[2] != index || table.Parts[3] != check {
		t.Error("other parts are sorted by key")
	}
	if len(view.Needs) != 2 || !slices.Equal(s.Dependents(second), []*Object{view}) {
		t.Errorf("needs %v", view.Needs)
	}
	if s.Object(check.Key) != check || s.Object(Key{Table, "x"}) != nil {
		t.Error("lookup by key")
	}
}

func TestDuplicateKeysAreRefused(t *testing.T) {
	t.Parallel()
	_, err := New(180000, []*Object{{Key: Key{Table, "t"}}, {Key: Key{Table, "t"}}}, nil, 0)
	if err == nil || err.Error() != "two objects are called TABLE t" {
		t.Error(err)
	}
}

func TestFingerprintsCanBeStored(t *testing.T) {
	t.Parallel()
	s := build(t, 180000, map[Key][]string{{Table, "t"}: {"a=b"}})
	for _, want := range []Fingerprint{s.Fingerprint(), s.FullFingerprint()} {
		stored, err := ParseFingerprint(want.String())
		if err != nil || stored != want {
			t.Fatal(stored, err)
		}
		if got, ok := stored.Compute(s); !ok || got != want || !got.Comparable(stored) {
			t.Error(got)
		}
	}
	if f, err := ParseFingerprint("s2:19:00"); err != nil || f.Comparable(s.Fingerprint()) {
		t.Error("rules of a newer version are read, not compared")
	} else if _, ok := f.Compute(s); ok {
		t.Error("rules of a newer version cannot be computed")
	}
	if _, err := ParseFingerprint("s1"); err == nil {
		t.Error("not a fingerprint")
	}
}

func TestMadeNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("t", 40)
	for _, test := range []struct {
		name, table, column, label string
		want                       bool
	}{
		{"account_id_not_null", "account", "id", "not_null", true},
		{"account_id_not_null1", "account", "id", "not_null", true},
		{"account_id_not_null_1", "account", "id", "not_null", false},
		{"other_id_not_null", "account", "id", "not_null", false},
		{"posint_not_null", "posint", "", "not_null", true},
		{strings.Repeat("t", 27) + "_" + strings.Repeat("c", 26) + "_not_null", long, strings.Repeat("c", 40), "not_null", true},
		{strings.Repeat("t", 26) + "_" + strings.Repeat("c", 27) + "_not_null", long, strings.Repeat("c", 40), "not_null", false},
		{strings.Repeat("é", 20) + "_id_not_null", strings.Repeat("é", 40), "id", "not_null", false},
		{strings.Repeat("é", 25) + "_id_not_null", strings.Repeat("é", 40), "id", "not_null", true},
		{"", "account", "id", "not_null", false},
	} {
		if got := IsMadeName(test.name, test.table, test.column, test.label); got != test.want {
			t.Errorf("%q for %q, %q: %v (the server makes %q)", test.name, test.table, test.column, got, madeName(test.table, test.column, test.label))
		}
	}
	for name, rangeName := range map[string]string{"span_multirange": "span", "int_multirange": "int_range", "multirangerange": "rangerange"} {
		if !IsMadeMultirange(name, rangeName) {
			t.Errorf("the multirange of %s can be %s", rangeName, name)
		}
	}
}

func TestWithoutLeavesOutPartsAndDependencies(t *testing.T) {
	t.Parallel()
	table := &Object{Key: Key{Table, "public.t"}, Schema: "public", Name: "t"}
	column := &Object{Key: Key{Column, "public.t.c"}, Schema: "public", Name: "c", Parent: table}
	table.Parts = []*Object{column}
	view := &Object{Key: Key{View, "public.v"}, Schema: "public", Name: "v", Needs: []Need{{column, 'n'}}}
	refused := []Refusal{{Object: "table public.t", Reason: "is odd", Damage: true}, {Object: "view public.v", Reason: "is odd"}}
	full, err := New(180000, []*Object{table, column, view}, refused, 3)
	if err != nil {
		t.Fatal(err)
	}
	rest := full.Without(func(o *Object) bool { return o.QualifiedName() == "public.t" })
	if len(rest.Objects) != 1 || rest.Objects[0].Key != view.Key || len(rest.Objects[0].Needs) != 0 || rest.Members != 3 {
		t.Errorf("%+v", rest.Objects)
	}
	if len(rest.Refused) != 1 || rest.Refused[0].Object != "view public.v" || len(rest.Damaged()) != 0 {
		t.Errorf("%+v", rest.Refused)
	}
	if len(full.Objects) != 3 || len(full.Object(view.Key).Needs) != 1 || len(full.Damaged()) != 1 {
		t.Error("the schema itself has changed")
	}
	other := full.Without(func(o *Object) bool { return o.Key.Kind == View })
	if got := other.Object(table.Key); got == nil || got == table || len(got.Parts) != 1 || got.Parts[0].Parent != got {
		t.Errorf("%+v", got)
	}
}
