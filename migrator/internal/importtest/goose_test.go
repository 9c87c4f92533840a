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
	for i, s := range scenario {
		command := "create-fixed"
		if i == len(scenario)-1 {
			command = "create"
		}
		run(t, dir, "peers", "goose", command, ".", s.name)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil || len(files) != len(scenario) {
		t.Fatal(files, err)
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		up, down := scenario[i].up, scenario[i].down
		if i == 1 || scenario[i].noTransaction {
			up = "-- +goose StatementBegin\n" + up + "\n-- +goose StatementEnd"
		}
		if scenario[i].noTransaction {
			down += ";"
		}
		sql := strings.NewReplacer("SELECT 'up SQL query';", up, "SELECT 'down SQL query';", down).Replace(string(text))
		if scenario[i].noTransaction {
			sql = "-- +goose NO TRANSACTION\n" + sql
		}
		if i == 1 {
			sql = strings.ReplaceAll(sql, "\n", "\r\n")
		}
		write(t, dir, filepath.Base(file), sql)
	}
	theirs := database(t)
	run(t, dir, "peers", "goose", "up", ".", theirs)
	im := importFrom(t, "goose", dir)
	contains(t, im.output, "Wrote 5 revisions and the map adopt.json to sql.\nNo manual work is needed.")
	im.checkRepeatable(t)
	im.checkEqual(t, theirs, "898195a36ce2: the down script leaves public.history with 2 rows instead of 0")
}

// A revision that stands for Go code can be stamped, but neither applied nor reverted.
func TestGooseCodeMustBeWrittenByHand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/document/goose")); err != nil {
		t.Fatal(err)
	}
	im := importFrom(t, "goose", dir)
	url := database(t)
	empty := dump(t, url)
	ctx, cfg := context.Background(), config(t, url)
	if _, err := im.set.Up(ctx, cfg); err == nil || !strings.Contains(err.Error(), "fill_account.up.sql:1:1: the up script has no SQL") {
		t.Errorf("%v", err)
	}
	if dump(t, url) != empty {
		t.Error("something ran")
	}
	if _, err := im.set.Stamp(ctx, cfg, "head"); err != nil {
		t.Fatal(err)
	}
	if report, err := im.set.Down(ctx, cfg, "base"); err == nil || len(report.Steps) > 0 || !strings.Contains(err.Error(), "is irreversible") {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := im.set.Stamp(ctx, cfg, im.adopt.Versions["2"]); err != nil {
		t.Fatal(err)
	}
	if report, err := im.set.Down(ctx, cfg); err == nil || len(report.Steps) > 0 || !strings.Contains(err.Error(), "the down script of this revision has not been written yet") {
		t.Errorf("%+v, %v", report, err)
	}
}
