package importtest

import (
	"encoding/json"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/ambix/migrator/internal/pgtest"
)

// sqitchProject is a project that the command sqitch makes and deploys.
type sqitchProject struct {
	testing.TB
	dir, home string
}

func newSqitchProject(t testing.TB) *sqitchProject {
	t.Helper()
	if _, err := exec.LookPath("sqitch"); err != nil {
		pgtest.Missing(t, "Sqitch is not installed: run scripts/install sqitch libdbd-pg-perl (scripts/test does)")
	}
	return &sqitchProject{t, t.TempDir(), t.TempDir()}
}

// run runs commands in one process, because each start of Sqitch is slow.
func (p *sqitchProject) run(commands ...[]string) {
	p.Helper()
	arguments, err := json.Marshal(commands)
	if err != nil {
		p.Fatal(err)
	}
	cmd := command(p, p.dir, "env", "HOME="+p.home, "SQITCH_FULLNAME=Ann Owner", "SQITCH_EMAIL=ann@example.com", "TZ=UTC", "LC_ALL=C.UTF-8",
		"PATH="+filepath.Dir(pgtest.Program(p, "psql"))+":/usr/local/bin:/usr/bin:/bin",
		"perl", "-MApp::Sqitch", "-MJSON::PP", "-e", "for (@{decode_json(shift)}) { @ARGV = @$_; my $code = App::Sqitch->go; exit $code if $code }", string(arguments))
	if out, err := cmd.CombinedOutput(); err != nil {
		p.Fatalf("%s: %v\n%s", arguments, err, out)
	}
}

func (p *sqitchProject) fill(name, up, down string) {
	write(p, p.dir, "deploy/"+name+".sql", "-- Deploy "+name+" to pg\n\n"+up+"\n")
	write(p, p.dir, "revert/"+name+".sql", "-- Revert "+name+" from pg\n\n"+down+"\n")
}

func TestSqitch(t *testing.T) {
	t.Parallel()
	p := newSqitchProject(t)
	block := func(sql string) string { return "BEGIN;\n\n" + sql + "\n\nCOMMIT;" }
	flags := [][]string{nil, {"--requires", "create_account"}, {"--requires", "keep_history", "--conflicts", "other:nothing"}, {"--requires", "create_account"}, nil}
	commands := [][]string{{"init", "shop", "--uri", "https://example.com/shop/", "--engine", "pg"}}
	name := func(s step) string { return strings.ReplaceAll(s.name, " ", "_") }
	for i, s := range scenario {
		commands = append(commands, append([]string{"add", name(s), "-n", "Add " + name(s) + " #1."}, flags[i]...))
	}
	p.run(append(commands, []string{"tag", "v1.0", "-n", "the first release"})...)
	for _, s := range scenario {
		up, down := block(s.up), block(s.down)
		if s.noTransaction {
			up, down = s.up+";", s.down+";"
		}
		p.fill(name(s), up, down)
	}
	p.run([]string{"rework", "create_view", "-n", "More columns."}, []string{"add", "nested/comment", "-r", "@v1.0", "-n", "Été"})
	p.fill("create_view", block("CREATE OR REPLACE VIEW public.names AS SELECT name, kind AS what FROM public.account;"),
		block("DROP VIEW public.names;\nCREATE VIEW public.names AS SELECT name FROM public.account WHERE name LIKE '%;%';"))
	p.fill("nested/comment", block("COMMENT ON VIEW names IS :'text';"), block("COMMENT ON VIEW names IS NULL;"))
	theirs := database(t)
	u, err := url.Parse(theirs)
	if err != nil {
		t.Fatal(err)
	}
	u.Scheme = "db:pg"
	p.run([]string{"deploy", "--target", u.String(), "--set", "text=it's"})
	im := importFrom(t, "sqitch", p.dir, "-D", "text=it's")
	contains(t, im.output, "Wrote 7 revisions", "Verify scripts are not run", "create_view@v1.0.sql", "add_some_accounts: !other:nothing")
	im.checkEqual(t, theirs, im.historyLeft())
}
