package main

import (
	"strings"
	"testing"

	"example.com/ambix/migrator"
)

// TestStore: what is embedded is complete, ends in one head, and can be taken down.
func TestStore(t *testing.T) {
	t.Parallel()
	set, err := migrator.New(files, migrator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if heads := set.Files().Graph().Heads(); len(heads) != 1 {
		t.Errorf("heads: %v", heads)
	}
	if n := len(set.Files().Revisions()); n < 8 {
		t.Errorf("only %d revisions", n)
	}
	for _, r := range set.Files().Revisions() {
		if !r.Reversible() {
			t.Errorf("%s is irreversible", r.ID)
		}
		if !strings.HasPrefix(r.Up.File, "sql/") {
			t.Errorf("%s is shown as %s", r.ID, r.Up.File)
		}
	}
}
