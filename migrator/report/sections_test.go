package report

import (
	"bytes"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

func TestSectionsOfARehearsalAndOfDrift(t *testing.T) {
	t.Parallel()
	r := &Report{Graph: &Graph{Nodes: []Node{{ID: "a1"}}}, Sections: []Section{
		Rehearsal([]rehearse.Finding{
			{Rule: rehearse.Rewrites, Severity: rehearse.Danger, Revision: "a1", Pos: revision.Pos{File: "a1.up.sql", Line: 7}, Text: "rewrites public.account", Why: "it has 8 GB", Safe: "ALTER TABLE <account>"},
			{Rule: rehearse.Destroys, Severity: rehearse.Danger, Text: "drops a table", Accepted: true},
		}),
		Drift(&migrator.SchemaDiff{Differences: []schema.Difference{
			{Key: schema.Key{Name: `public."<i>"`}, Change: schema.Removed},
			{Key: schema.Key{Name: "public.t"}, Change: schema.Added},
			{Key: schema.Key{Name: "public.u"}, Change: schema.Changed, Facts: []schema.FactChange{{Name: "type", From: "text"}}},
			{Key: schema.Key{Name: "public.v"}, Change: schema.NotComparable},
		}}),
		Drift(&migrator.SchemaDiff{}),
	}}
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`scratch database: 2 findings.`, `<span class="state bad">danger</span> <a href="#revision-a1" class="id">a1</a> rewrites: rewrites public.account<span class="file">a1.up.sql:7</span>`,
		"it has 8 GB\n\nInstead:\nALTER TABLE &lt;account&gt;", `<span class="state">note</span> destroys: drops a table (accepted in the header)`,
		`revisions make: 4 objects differ.`, `public.&#34;&lt;i&gt;&#34; is only in the database`, `public.t is missing in the database`, "type\n    in the database: text\n    by the revisions: (default)",
		`public.v cannot be compared`, `revisions make: 0 objects differ.`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
}
