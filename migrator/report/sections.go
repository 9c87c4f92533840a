package report

import (
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/schema"
)

// Rehearsal returns what a rehearsal has found as a section. Findings that an author has accepted are notes.
func Rehearsal(findings []rehearse.Finding) Section {
	s := Section{Title: "Rehearsal"}
	for i := range findings {
		f := &findings[i]
		severity := Severity(f.Severity.String())
		message := f.Text
		if f.Accepted {
			severity, message = Note, message+" (accepted in the header)"
		}
		var detail []string
		if f.Why != "" {
			detail = append(detail, f.Why)
		}
		if f.Safe != "" {
			detail = append(detail, "Instead:\n"+f.Safe)
		}
		s.Findings = append(s.Findings, Finding{
			Severity: severity, Revision: f.Revision, File: f.File, Line: f.Line, Message: string(f.Rule) + ": " + message, Detail: strings.Join(detail, "\n\n"),
		})
	}
	s.Text = "The pending revisions were carried out in a scratch database: " + text.Count(len(s.Findings), "finding") + "."
	return s
}

// Drift returns the objects in which a database differs from what its applied revisions make as a section. d is the
// Diff of Database and Applied.
func Drift(d *migrator.SchemaDiff) Section {
	s := Section{Title: "Drift"}
	for i := range d.Differences {
		o := &d.Differences[i]
		f := Finding{Severity: Danger, Message: strings.ToLower(o.Key.Kind.String()) + " " + o.Key.Name}
		switch o.Change {
		case schema.Removed:
			f.Message += " is only in the database"
		case schema.Added:
			f.Message += " is missing in the database"
		case schema.Changed:
			f.Message += " differs"
		case schema.NotComparable:
			f.Severity = Note
			f.Message += " cannot be compared: the servers print it in different ways"
		}
		var facts []string
		for _, c := range o.Facts {
			facts = append(facts, c.Name+"\n    in the database: "+orDefault(c.From)+"\n    by the revisions: "+orDefault(c.To))
		}
		f.Detail = strings.Join(facts, "\n")
		s.Findings = append(s.Findings, f)
	}
	s.Text = "The database was compared with what its applied revisions make: " + text.Count(len(s.Findings), "object") + " " + map[bool]string{true: "differs.", false: "differ."}[len(s.Findings) == 1]
	return s
}

// orDefault returns the value of a fact. Defaults are no facts.
func orDefault(value string) string {
	if value == "" {
		return "(default)"
	}
	return value
}
