package cli

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/graph"
)

func TestRefusedTargetSaysWhatToType(t *testing.T) {
	t.Parallel()
	g, problems := graph.New([]graph.Node{
		{ID: "abcd1"},
		{ID: "c1", DownRevision: []string{"abcd1"}, BranchLabels: []string{"one"}},
		{ID: "abcd2", DownRevision: []string{"abcd1"}, BranchLabels: []string{"two"}},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	merged, problems := graph.New([]graph.Node{
		{ID: "a"}, {ID: "b", DownRevision: []string{"a"}}, {ID: "c", DownRevision: []string{"a"}}, {ID: "m", DownRevision: []string{"b", "c"}},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	long, problems := graph.New([]graph.Node{
		{ID: "a"},
		{ID: "b", DownRevision: []string{"a"}},
		{ID: "b2", DownRevision: []string{"b"}},
		{ID: "c", DownRevision: []string{"a"}},
		{ID: "c2", DownRevision: []string{"c"}},
		{ID: "m", DownRevision: []string{"b2", "c2"}},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	_, wayErr := long.Downgrade(graph.NewSet("a", "b", "b2", "c", "c2", "m"), "-2")
	base, one := graph.NewSet(), graph.NewSet("abcd1", "c1")
	up := func(applied graph.Set, target string) error {
		_, err := g.Upgrade(applied, []string{target})
		return err
	}
	down := func(applied graph.Set, target string) error { _, err := g.Downgrade(applied, target); return err }
	downMerged := func(target string) error {
		_, err := merged.Downgrade(graph.NewSet("a", "b", "c", "m"), target)
		return err
	}
	to := func(g *graph.Graph, applied graph.Set, target string) error {
		_, _, err := g.To(applied, []string{target})
		return err
	}
	_, fromErr := g.State([]string{"head"})
	_, rangeErr := g.Range(base, "one:+1:")
	_, turnedErr := g.Range(base, "c1:abcd1")
	_, _, offlineErr := g.StartDowngrade("c1")
	for _, test := range []struct {
		err  error
		args string
		want string
	}{
		{up(base, "head"), "up", "up head: there are 2 heads: abcd2 (two) and c1 (one)\nfor all, run: migrate up heads\nfor one, run: migrate up two@head\nfor one, run: migrate up one@head"},
		{fromErr, "plan up --from head", "--from head: there are 2 heads: abcd2 (two) and c1 (one)\nfor all, run: migrate plan up --from=heads\nfor one, run: migrate plan up --from=two@head\nfor one, run: migrate plan up --from=one@head"},
		{up(base, "abcd1+1"), "up abcd1+1", "up abcd1+1: abcd1 has 2 children: abcd2 (two) and c1 (one)\nrun: migrate up abcd2\nrun: migrate up c1"},
		{up(base, "abcd"), "up abcd", `up abcd: 2 names begin with "abcd": abcd1 and abcd2; type more of it`},
		{up(base, "a:one"), "up a:one", "up a:one: a single target is required instead of a range; ranges are for history -r and --sql\nrun: migrate up one"},
		{up(one, "-1"), "up -1", "up -1: an upgrade cannot go down\nto revert, run: migrate down -1"},
		{down(one, "+1"), "down +1", "down +1: a downgrade cannot go up\nto apply, run: migrate up +1"},
		{down(one, "+1"), "plan down +1", "down +1: a downgrade cannot go up\nto apply, run: migrate plan up +1"},
		{down(one, "1"), "down 1 --wait=1s", "down 1: no revision or label \"1\"\nto revert 1 revision, run: migrate down -1 --wait=1s"},
		{up(base, "2"), "upgrade 2", "up 2: no revision or label \"2\"\nto apply 2 revisions, run: migrate up +2"},
		{down(one, "two@base"), "down two@base", "down two@base: branch two is not applied, but c1 (one), which is not on it, would be reverted\nto revert it too, run: migrate down base"},
		{to(g, one, "one@base"), "to one@base", "to one@base: this is the base of one branch, not a state of the whole database\nto revert everything, run: migrate to base\nto revert the branch only, run: migrate down one@base"},
		{to(merged, graph.NewSet("a", "b", "c", "m"), "-1"), "to -1", "to -1: m merges b and c\nrun: migrate to b\nrun: migrate to c\nfor the state before the merge, run: migrate to b c"},
		{rangeErr, "history -r one:+1:", "history -r one:+1:: a range is written a:b, a: or :b"},
		{turnedErr, "history -r c1:abcd1", "history -r c1:abcd1: c1 (one) is not below abcd1, and the lower end must be first\nrun: migrate history --rev-range=abcd1:c1"},
		{offlineErr, "down c1 --sql", "down c1: without a database the target must be a range with a start and an end; write it as FROM:c1"},
		{&migrator.TargetError{Problem: graph.NotFound, Verb: "adopt", Target: "x", Reason: "no revision"}, "adopt --baseline x", "adopt --baseline x: no revision\nto list the revisions, run: migrate history"},
		{downMerged("-1"), "down -1", "down -1: m merges b and c\nto revert 1 revision, run: migrate down b"},
		{downMerged("-2"), "down -2", "down -2: m merges b and c\nto revert 3 revisions, run: migrate down m@b-1"},
		{wayErr, "down -2", "down -2: m merges b2 and c2\nto revert 2 revisions by way of b2, run: migrate down m@b2-1\nto revert 2 revisions by way of c2, run: migrate down m@c2-1"},
		{downMerged("9"), "down 9", "down 9: no revision or label \"9\"; only 4 revisions are applied\nto revert all of them, run: migrate down base"},
		{downMerged("-9"), "down -9", "down -9: m merges b and c\nto revert 4 revisions, run: migrate down base"},
		{down(one, "9"), "down 9", "down 9: no revision or label \"9\"; only 2 revisions are applied\nto revert all of them, run: migrate down base"},
		{down(one, "11x"), "down 11x", "down 11x: no revision or label \"11x\"\nto list the revisions, run: migrate history"},
		{errors.New("another error"), "up", "another error"},
	} {
		if e, ok := errors.AsType[*graph.TargetError](test.err); ok {
			test.err = &migrator.TargetError{Verb: migrator.Verb(e.Verb), Target: e.Target, Reason: e.Reason, Problem: e.Kind, Revisions: e.Revisions, Choices: e.Choices, Reverts: e.Reverts, Steps: e.Steps, Example: e.Example}
		}
		p := newProgram(Config{Environ: []string{}})
		cmd, rest, err := p.migrate().Find(strings.Fields(test.args))
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.ParseFlags(rest); err != nil {
			t.Fatal(err)
		}
		if p.args, err = p.negative.Insert(cmd, cmd.Flags().Args()); err != nil {
			t.Fatal(err)
		}
		if got := p.fail(cmd, test.err, nil, advice{}).Error(); got != test.want {
			t.Errorf("have %s\nwant %s", got, test.want)
		}
	}
}

// Every reason for which a database cannot be used has advice, apart from those for which
// the server's own text or the caller's error is all there is.
func TestConnectProblemsHaveAdvice(t *testing.T) {
	t.Parallel()
	p := newProgram(Config{Environ: []string{}})
	cmd, _, err := p.migrate().Find([]string{"up"})
	if err != nil {
		t.Fatal(err)
	}
	a := adviser{p, cmd}
	without := []migrator.ConnectProblem{migrator.ConnectTooOld, migrator.ConnectNoCredentials, migrator.ConnectRejected}
	found := regexp.MustCompile(`(?m)ConnectProblem = "([^"]+)"`).FindAllStringSubmatch(read(t, "../errors_database.go"), -1)
	if len(found) < 15 {
		t.Fatalf("found %d problems", len(found))
	}
	for _, m := range found {
		problem := migrator.ConnectProblem(m[1])
		e := &migrator.ConnectError{Database: "store", User: "ada", Problem: problem}
		if advice := a.connect(e); (advice.text == "" && advice.suggestions == nil) != slices.Contains(without, problem) {
			t.Errorf("%s: %+v", problem, advice)
		}
	}
	// A server that went away may be restarting.
	for _, err := range []error{&migrator.UnknownOutcomeError{}, &migrator.ConnectError{Problem: migrator.ConnectLost}} {
		if got := a.advice(err).suggestions; len(got) != 1 || got[0].String() != "to try again, run: migrate up --wait=1m" {
			t.Errorf("%T: %v", err, got)
		}
	}
	for _, noPassword := range []bool{true, false} {
		e := &migrator.ConnectError{User: `a"b`, Problem: migrator.ConnectWrongPassword, NoPassword: noPassword}
		want := `\password "a""b"`
		if noPassword {
			want = "set DB_PASS, or DB_PASS_FILE"
		}
		if advice := a.connect(e).text; !strings.Contains(advice, want) {
			t.Errorf("no password %t: %s", noPassword, advice)
		}
	}
}
