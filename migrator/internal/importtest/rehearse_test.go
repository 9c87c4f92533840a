package importtest

import (
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/rehearse"
)

// checkRehearsal rehearses the imported revisions. What is found about their down scripts, beyond the position of columns, is
// what is wrong with those of the project.
func (im *imported) checkRehearsal(t testing.TB, wrong ...string) {
	t.Helper()
	m, err := im.set.Files().Migrator(migrator.Config{Scratch: migrator.Scratch{Server: config(t, database(t))}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Rehearse(t.Context(), migrator.RehearseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	for _, line := range wrong {
		left[line] = true
	}
	for _, f := range r.Findings {
		switch line := f.Revision + ": " + f.Text; {
		case left[line]:
			delete(left, line)
		case f.Rule == rehearse.Fails, f.Rule == rehearse.MissingData, f.Rule == rehearse.Order, f.Rule == rehearse.NotInverse && f.Severity > rehearse.Note:
			t.Errorf("%s %s: %s", f.Severity, f.Pos, line)
		}
	}
	for line := range left {
		t.Errorf("not found: %s", line)
	}
	if len(r.NotRehearsed) > 0 {
		t.Errorf("not rehearsed: %v", r.NotRehearsed)
	}
}

// historyLeft is what a rehearsal finds about the scenario: a trigger writes rows that no down script deletes.
func (im *imported) historyLeft() string {
	for _, r := range im.set.Files().Revisions() {
		if r.Subject() == "add some accounts" {
			return r.ID + ": the down script leaves public.history with 2 rows instead of 0"
		}
	}
	return "no such revision"
}
