package importtest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGoose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, s := range story {
		command := "create-fixed"
		if i == len(story)-1 {
			command = "create"
		}
		run(t, dir, "peers", "goose", command, ".", s.name)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil || len(files) != len(story) {
		t.Fatal(files, err)
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		up, down := story[i].up, story[i].down
		if i == 1 || story[i].alone {
			up = "-- +goose StatementBegin\n" + up + "\n-- +goose StatementEnd"
		}
		if story[i].alone {
			down += ";"
		}
		sql := strings.NewReplacer("SELECT 'up SQL query';", up, "SELECT 'down SQL query';", down).Replace(string(text))
		if story[i].alone {
			sql = "-- +goose NO TRANSACTION\n" + sql
		}
		if i == 1 {
			sql = strings.ReplaceAll(sql, "\n", "\r\n")
		}
		write(t, dir, filepath.Base(file), sql)
	}
	theirs := database(t)
	run(t, dir, "peers", "goose", "up", ".", theirs)
	made := importFrom(t, "goose", dir)
	contains(t, made.printed, "5 revisions are in sql, and sql/adopt.json, the map for adopt.\nNothing needs a person.")
	made.again(t)
	made.equal(t, theirs)
}

// What nobody can run is refused before anything runs; what was applied elsewhere can be
// recorded, and cannot be undone by doing nothing.
func TestGooseCode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/document/goose")); err != nil {
		t.Fatal(err)
	}
	made := importFrom(t, "goose", dir)
	url := database(t)
	empty := dump(t, url)
	ctx, cfg := context.Background(), config(t, url)
	if _, err := made.set.Up(ctx, cfg); err == nil || !strings.Contains(err.Error(), "fill_account.up.sql:1:1: the revision has no SQL") {
		t.Errorf("%v", err)
	}
	if dump(t, url) != empty {
		t.Error("something ran")
	}
	if _, err := made.set.Stamp(ctx, cfg, "head"); err != nil {
		t.Fatal(err)
	}
	if report, err := made.set.Down(ctx, cfg, "base"); err == nil || len(report.Steps) > 0 || !strings.Contains(err.Error(), "cannot be taken down") {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := made.set.Stamp(ctx, cfg, made.adopt.Versions["2"]); err != nil {
		t.Fatal(err)
	}
	if report, err := made.set.Down(ctx, cfg); err == nil || len(report.Steps) > 0 || !strings.Contains(err.Error(), "the way down of this revision has yet to be written") {
		t.Errorf("%+v, %v", report, err)
	}
}
