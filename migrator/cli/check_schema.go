package cli

import (
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/schema"
)

// findingSchema is the kind of the findings of check --schema.
const findingSchema = "schema"

// checkSchema reports how the schema that all revisions make differs from the desired one.
func (r *run) checkSchema(name string, ignore []string) error {
	side, err := r.desiredSide(name)
	if err != nil {
		return err
	}
	set, cfg, err := r.openScratch(name == "database")
	if err != nil {
		return err
	}
	if name == "database" {
		side.source.Database = cfg
	}
	from := migrator.SchemaSource{Targets: []string{"heads"}}
	if set.Files().Graph().Len() == 0 {
		from.Targets = []string{"base"}
	}
	d, err := set.Diff(r.ctx, from, side.source, migrator.DiffOptions{Ignore: ignore})
	if err != nil {
		return r.scratchFailed(err)
	}
	doc := &checkDocument{Findings: []findingDocument{}}
	r.document = doc
	v := diffView{run: r, SchemaDiff: d, from: "the revisions", to: side.label}
	v.warnAboutVersions()
	if d.Equal() {
		r.say("the revisions and " + side.label + " agree")
		return nil
	}
	var t terminal.Table
	for _, o := range d.Differences {
		if o.Change == schema.NotComparable {
			continue
		}
		message := v.differenceText(o)
		doc.Findings = append(doc.Findings, findingDocument{Kind: findingSchema, Message: message})
		t.Add(terminal.Yellow.Cell(findingSchema), terminal.Plain.Cell(message))
	}
	if !r.settings.JSON {
		r.out.PrintTable(t)
	}
	next := r.toAgree(side)
	doc.Commands = commandsOf(next)
	return suggest(&differencesError{"the revisions and " + side.label + " differ in " + text.Count(len(doc.Findings), "object")}, next...)
}

// differenceText describes a difference in a sentence.
func (v *diffView) differenceText(d schema.Difference) string {
	name := strings.ToLower(d.Key.Kind.String()) + " " + d.Key.Name
	switch d.Change {
	case schema.Removed:
		return name + " is only in " + v.from
	case schema.Added:
		return name + " is only in " + v.to
	}
	return name + " differs: " + v.facts(d)
}

// toAgree returns what makes the revisions and the desired schema agree.
func (r *run) toAgree(side schemaSide) []suggestion {
	name := side.name
	changes := []flagValue{{"autogenerate", "true"}, {"message", "follow " + name}}
	if name != defaultSchema {
		changes = append(changes, flagValue{"schema", name})
	}
	if ignored := r.cmd.Flags().Lookup("ignore").Value.String(); ignored != "" {
		changes = append(changes, flagValue{"ignore", ignored})
	}
	list := []suggestion{to("write revisions that lead to "+side.label, r.otherLine(r.cmd, []string{"revision"}, changes...))}
	if strings.HasSuffix(strings.ToLower(name), ".sql") {
		list = append(list, to("write "+name+" from the revisions", r.otherLine(r.cmd, []string{"schema"}, flagValue{"out", name})))
	}
	return list
}
