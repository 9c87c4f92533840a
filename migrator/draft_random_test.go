package migrator_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/internal/schematest"
)

// Drafts lead from one random schema to another, and back as revisions of real files.
func TestDraftsBetweenRandomSchemas(t *testing.T) {
	t.Parallel()
	checkRandomDrafts(t, schematest.RandomSchema)
}

func TestDraftsBetweenRandomPartitionTrees(t *testing.T) {
	t.Parallel()
	checkRandomDrafts(t, schematest.RandomTree)
}

func checkRandomDrafts(t *testing.T, random func(*rapid.T, int) string) {
	t.Helper()
	major := pgtest.Shared(t).Major
	cfg := projecttest.Config(t, pgtest.Database(t))
	rapid.Check(t, func(r *rapid.T) {
		from, to := random(r, major), random(r, major)
		m := schemaMigrator(projecttest.New(t).Add("a1", "", from, "-"), cfg, "")
		d, err := m.Draft(t.Context(), desired(to), migrator.DraftOptions{Message: "x", NoRename: true, Destructive: true, Privileges: true})
		switch {
		case is[*migrator.SchemaFileError](err), is[*migrator.RevisionError](err) && !is[*migrator.DraftError](err):
			r.Skipf("not valid: %v", err)
		case err != nil:
			r.Fatalf("%s\nTO\n%s\n%v", from, to, err)
		case d.Unsplit != nil:
			r.Fatalf("%s\nTO\n%s\nnot split: %s", from, to, reason(d.Unsplit))
		}
	})
}

// reason returns an error with the statement that failed.
func reason(err error) string {
	if e, ok := errors.AsType[*migrator.RevisionError](err); ok {
		return err.Error() + "\n" + e.Statement
	}
	return err.Error()
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// Each change between successive states of the schemas of public projects is drafted in both directions: a sample of them, or
// all with AMBIX_TEST_STATES=all.
func TestDraftsFollowHistories(t *testing.T) {
	t.Parallel()
	for _, history := range schematest.Histories(t) {
		for i := range history.States[:len(history.States)-1] {
			if i%9 != 4 && !schematest.All() {
				continue
			}
			for _, direction := range [][2]string{{history.States[i], history.States[i+1]}, {history.States[i+1], history.States[i]}} {
				from, to := direction[0], direction[1]
				t.Run(history.Project+" "+filepath.Base(from)+" to "+filepath.Base(to), func(t *testing.T) {
					t.Parallel()
					first, second := projecttest.Config(t, schematest.LoadState(t, from)), projecttest.Config(t, schematest.LoadState(t, to))
					before := dump(t, schemaMigrator(projecttest.New(t), first, ""), migrator.SchemaSource{Database: first})
					m := schemaMigrator(projecttest.New(t).Add("a1", "", before, "-"), first, "")
					d, err := m.Draft(t.Context(), migrator.SchemaSource{Database: second}, migrator.DraftOptions{Message: "x", NoRename: true, Destructive: true})
					if err != nil {
						t.Fatal(err)
					}
					if d.Unsplit != nil {
						t.Errorf("not split: %v", d.Unsplit)
					}
					var purposes []string
					for _, r := range d.Revisions {
						purposes = append(purposes, r.Message)
					}
					t.Logf("%d differences: %s", len(d.Diff.Differences), strings.Join(purposes, ", "))
				})
			}
		}
	}
}
