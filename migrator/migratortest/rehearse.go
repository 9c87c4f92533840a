package migratortest

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/rehearse"
)

// Rehearse is Config.Rehearse with the default settings.
func Rehearse(t *testing.T, files fs.FS) {
	t.Helper()
	Config{}.Rehearse(t, files)
}

// Rehearse carries out all revisions below the root of files in scratch databases: up, down and up again over every edge of the
// graph, and in other orders if the graph allows several. Each revision is a subtest, which is named by its id. It fails for each
// finding that is at least as severe as FailOn and that the header of the revision does not accept, and logs all others.
//
// Targets limit what is rehearsed, and Sizes say how large the tables are; without them sizes are not known. Of the other
// settings, those of the server, Migrator, Roles and Prepare count.
func (c Config) Rehearse(t *testing.T, files fs.FS) {
	t.Helper()
	result, set, err := c.rehearse(t, files)
	if err != nil {
		t.Fatal(message(err))
	}
	for _, f := range result.Findings {
		if set.Revision(f.Revision) == nil { // it is about all of them
			c.report(t, f)
		}
	}
	for _, r := range set.Revisions() {
		found := slices.ContainsFunc(result.Steps, func(s rehearse.Step) bool { return s.Revision == r.ID })
		left := slices.Contains(result.NotRehearsed, r.ID)
		findings := findingsOf(result, r.ID)
		if !found && !left && len(findings) == 0 {
			continue // it is not below the targets
		}
		t.Run(r.ID, func(t *testing.T) {
			t.Log(r.Subject())
			for _, f := range findings {
				c.report(t, f)
			}
			if left {
				t.Skip("not rehearsed: it comes after a revision that failed")
			}
		})
	}
}

func (c Config) rehearse(t *testing.T, files fs.FS) (*migrator.Rehearsal, *migrator.Files, error) {
	set, err := load(files)
	if err != nil {
		return nil, nil, err
	}
	s, err := c.findServer()
	if err != nil {
		return nil, nil, err
	}
	if err := c.createRoles(t.Context(), s.cfg); err != nil {
		return nil, nil, err
	}
	settings := c.Migrator
	settings.Database = nil
	settings.Scratch = migrator.Scratch{Server: s.cfg, OnCreate: c.Prepare}
	m, err := set.Migrator(settings)
	if err != nil {
		return nil, nil, err
	}
	result, err := m.Rehearse(t.Context(), migrator.RehearseOptions{From: []string{"base"}, Targets: c.Targets, Sizes: c.Sizes})
	return result, set, err
}

func findingsOf(result *migrator.Rehearsal, id string) []rehearse.Finding {
	var found []rehearse.Finding
	for _, f := range result.Findings {
		if f.Revision == id {
			found = append(found, f)
		}
	}
	return found
}

// report fails a test for a finding that counts, and logs any other.
func (c Config) report(t *testing.T, f rehearse.Finding) {
	t.Helper()
	from := c.FailOn
	if from == 0 {
		from = rehearse.Danger
	}
	if f.Counts(from) {
		t.Error(describe(f))
	} else {
		t.Log(describe(f))
	}
}

// describe returns a finding as text, with its position first.
func describe(f rehearse.Finding) string {
	severity := f.Severity.String()
	if f.Accepted {
		severity = "accepted"
	}
	lines := []string{severity + " (" + string(f.Rule) + "): " + f.Text}
	switch {
	case f.Line > 0:
		lines[0] = f.Pos.String() + ": " + lines[0]
	case f.File != "":
		lines[0] = f.File + ": " + lines[0]
	}
	if f.Why != "" {
		lines = append(lines, f.Why)
	}
	if f.Safe != "" && !f.Accepted {
		lines = append(lines, "instead: "+f.Safe)
	}
	if f.Accept.Word != "" && !f.Accepted {
		lines = append(lines, "to accept it, add this line to the header of the up file: -- accept: "+f.Accept.String())
	}
	return strings.Join(lines, "\n")
}
