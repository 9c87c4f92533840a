package importtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTern(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run(t, dir, "tern", "init", "project")
	dir = filepath.Join(dir, "project")
	for _, s := range append(scenario, step{name: "from templates"}) {
		run(t, dir, "tern", "new", strings.ReplaceAll(s.name, " ", "_"))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil || len(files) != len(scenario)+1 {
		t.Fatal(files, err)
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		up, down, _ := strings.Cut(string(text), "---- create above / drop below ----\n")
		switch {
		case i == len(scenario):
			up = `{{ template "shared/view.sql" . }}` + "\nCREATE TABLE {{ .prefix }}_{{ .name | lower }} (id int);\n"
			down = "DROP TABLE {{ .prefix }}_{{ .name | lower }};\nDROP VIEW {{ .prefix }};\n"
		case scenario[i].noTransaction:
			up = "---- tern: disable-tx ----\n" + scenario[i].up + ";\n"
			down = "---- tern: disable-tx ----\n" + scenario[i].down + ";\n"
		default:
			up, down = up+scenario[i].up+"\n", down+scenario[i].down+"\n"
		}
		write(t, dir, filepath.Base(file), up+"---- create above / drop below ----\n"+down)
	}
	write(t, dir, "shared/view.sql", "CREATE VIEW {{ .prefix }} AS SELECT {{ .number }} AS number;\n")
	conf, err := os.ReadFile(filepath.Join(dir, "tern.conf"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "tern.conf", string(conf)+"prefix = shop\nname = SOME\nnumber = {{ add 40 2 }}\n")
	theirs := database(t)
	run(t, dir, "tern", "migrate", "--conn-string", theirs)
	im := importFrom(t, "tern", dir)
	contains(t, im.output, "No manual work is needed.")
	im.checkRepeatable(t)
	im.checkEqual(t, theirs, "e48c5281e6cb: the down script leaves public.history with 2 rows instead of 0")
}
