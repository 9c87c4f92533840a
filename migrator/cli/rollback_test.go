package cli_test

import (
	"context"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rogpeppe/go-internal/txtar"

	"example.com/ambix/migrator/internal/pgtest"
)

// release is a program with one of the sets of revisions in testdata/rollback.txtar, and a
// database.
type release struct {
	*testing.T
	program, database string
}

// releases builds the two programs.
func releases(t *testing.T) (older, newer string) {
	t.Helper()
	root, err := filepath.Abs(checkout)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile("testdata/rollback.txtar")
	if err != nil {
		t.Fatal(err)
	}
	n := &newcomer{T: t, dir: t.TempDir(), env: append(os.Environ(), "GOFLAGS=")}
	n.run("app", "migrate", "init", "store", "--replace", root)
	n.dir = filepath.Join(n.dir, "store")
	for _, version := range []string{"old", "new"} { // the newer one has the older one's files too
		for _, f := range archive.Files {
			if folder, name := path.Split(f.Name); folder == version+"/" {
				if err := os.WriteFile(filepath.Join(n.dir, "sql", name), f.Data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}
		n.run("go", "build", "-ldflags", "-X main.version="+version, "-o", version, ".")
	}
	return filepath.Join(n.dir, "old"), filepath.Join(n.dir, "new")
}

func (r *release) command(args ...string) *exec.Cmd {
	cmd := exec.Command(r.program, append([]string{"migrate"}, args...)...)
	cmd.Dir, cmd.Env = r.TempDir(), append(os.Environ(), "DATABASE_URL="+r.database)
	return cmd
}

// run expects an exit code, and patterns in the output of both streams.
func (r *release) run(code int, args string, patterns ...string) {
	r.Helper()
	cmd := r.command(strings.Fields(args)...)
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		r.Errorf("%s: exit code %d, want %d", args, got, code)
	}
	for _, pattern := range patterns {
		if !regexp.MustCompile("(?m)" + pattern).Match(out) {
			r.Errorf("%s: no match for %s", args, pattern)
		}
	}
	if r.Failed() {
		r.Fatalf("%s\n%s", args, out)
	}
}

// kill starts a run and kills it while it waits for a lock.
func (r *release) kill(lock, waiting, args string) {
	r.Helper()
	conn, err := pgconn.Connect(context.Background(), r.database)
	if err != nil {
		r.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), "BEGIN; LOCK TABLE "+lock).ReadAll(); err != nil {
		r.Fatal(err)
	}
	cmd := r.command(strings.Fields(args)...)
	if err := cmd.Start(); err != nil {
		r.Fatal(err)
	}
	await(r.T, r.database, "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%"+waiting+"%'")
	if err := cmd.Process.Kill(); err != nil {
		r.Fatal(err)
	}
	_ = cmd.Wait()
	if _, err := conn.Exec(context.Background(), "ROLLBACK").ReadAll(); err != nil {
		r.Fatal(err)
	}
	await(r.T, r.database, "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'ambix%'")
}

func (r *release) events(want string) {
	r.Helper()
	got := pgtest.Value(r, r.database, "SELECT string_agg(concat_ws(' ', action, revision, detail), ', ' ORDER BY event) FROM ambix_event WHERE binary_version = 'old'")
	if got != want {
		r.Errorf("the events of the older program: %s", got)
	}
}

// A program without the newest revisions shows them and reverts them in order, also one
// that is unfinished.
func TestOlderProgramRevertsUnknownRevisions(t *testing.T) {
	t.Parallel()
	older, newer := releases(t)
	for name, test := range map[string]func(older, newer *release){
		"inspect":             olderInspects,
		"one by one":          olderRevertsOneByOne,
		"all at once":         olderRevertsAll,
		"ahead":               olderUpgrades,
		"irreversible":        olderMeetsIrreversible,
		"killed in downgrade": olderKilledInDowngrade,
		"killed in upgrade":   newerKilledInUpgrade,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.Database(t)
			test(&release{t, older, db}, &release{t, newer, db})
		})
	}
}

func olderInspects(older, newer *release) {
	newer.run(0, "up heads", `^10 applied, at n1, n2 \(heads\)$`)
	older.run(0, "status", `^unknown  7 `, `^         s3  add s3  \S+ \S+ by \S+ from \S+, version new$`, `^pending  none$`, `^next     nothing to do$`)
	older.run(0, "status --json", `"state": "unknown"`, `"binary_version": "new"`, `"reversible": true`)
	older.run(0, "history", `^m1  <- c2, s3  add m1  unknown, branch point, merge$`, `^c2  <- c1      add c2  unknown, label fast$`)
	older.run(0, "show s2", `^depends on     c1$`, `^applied .* version new, in `, `^children       s3 \(add s3\)$`, `^down           stored in the ledger$`)
	older.run(0, "show fast --json", `"revision": "c2"`, `"down_revision": \[\s+"c1"`, `"up": null`)
	older.run(0, "log --revision s3", `^\S+ \S+  up  s3  add s3  .*, version new$`)
	older.run(0, "plan to heads", `^down  s3  add s3  \(from the ledger\)$`, `^7 steps from n1, n2, ending at b1, s1 \(heads\)$`)
	older.run(0, "to heads --sql --from current", `^DROP INDEX CONCURRENTLY shop_owner;$`)
	older.run(2, "redo", `redo 1: 2 revisions are current: n1 and n2`)
}

func olderRevertsOneByOne(older, newer *release) {
	newer.run(0, "up heads")
	older.run(2, "down -1", `2 revisions are current: n1 and n2$`, `^run: \S+ migrate down n2@-1$`)
	older.run(0, "down n2@-1", `^1 reverted, at n1; the database is ahead of this program by 6 revisions: c1, c2, s2, s3, m1 and n1$`)
	older.run(2, "redo", `redo 1: the revision is only in the ledger`)
	older.run(2, "down -2", `m1 merges c2 \(fast\) and s3 \(slow\)`)
	older.run(0, "down")
	older.run(0, "down fast", `^1 reverted, at c2, s3; `)
	older.run(0, "down slow@-2", `^2 reverted, at c2, s1; `)
	older.run(0, "down fast@-1", `^1 reverted, at c1, s1; `)
	older.run(0, "to heads", `^1 reverted, at b1, s1 \(heads\)$`)
	older.events("down n2, down n1, down m1, down s3, down s2, down c2, down c1")
}

func olderRevertsAll(older, newer *release) {
	newer.run(0, "up heads")
	older.run(0, "to heads", `^7 reverted, at b1, s1 \(heads\)$`)
	newer.run(0, "up heads", `^7 applied, at n1, n2 \(heads\)$`)
	older.run(0, "to b1", `^8 reverted, at b1 \(1 pending\)$`)
	newer.run(0, "up heads")
	older.run(0, "to base", `^10 reverted, at base \(3 pending\)$`)
	const down = "down n2, down n1, down m1, down s3, down s2, down c2, down c1"
	older.events(down + ", " + down + ", down s1, " + down + ", down s1, down b1, down a1")
	if got := pgtest.Value(older, older.database, "SELECT count(*) FROM pg_class WHERE relname IN ('account', 'shop', 'account_nick', 'shop_owner', 'after_merge', 'after_merge_2')"); got != "0" {
		older.Errorf("%s relations are left", got)
	}
}

// olderUpgrades checks each value of --ahead with nothing to do, and with pending revisions next
// to unknown ones.
func olderUpgrades(older, newer *release) {
	newer.run(0, "up c2")
	for flags, want := range map[string]struct {
		done, pending int
		message       string
	}{
		"":              {0, 4, "the histories have diverged"},
		" --ahead=auto": {0, 4, "the histories have diverged"},
		" --ahead=fail": {4, 4, "c1, c2"},
	} {
		older.run(want.done, "up store@head"+flags, `by 2 revisions: c1 and c2$|ahead of this program by c1, c2$`)
		older.run(want.pending, "up heads"+flags, want.message)
		older.run(want.pending, "up heads --dry-run"+flags, want.message)
	}
	older.run(0, "up store@head --ahead=ok", `^nothing to do, at c2; .* ahead .* by 2 revisions: c1 and c2$`)
	older.run(0, "status", `^next     if the pending revisions are compatible with the unknown ones, run: \S+ migrate up heads --ahead=ok$`)
	older.run(0, "up heads --ahead=ok", `^1 applied, at c2, s1; `)
	older.events("up s1")
}

func olderMeetsIrreversible(older, newer *release) {
	newer.run(0, "up n1")
	pgtest.Exec(older, older.database, "UPDATE ambix_revision SET down_sql = NULL, down_options = NULL WHERE revision = 's2'")
	older.run(2, "to heads", `revision s2 \(add s2\) is irreversible: .*; the ledger has no down script for it either$`)
	older.run(0, "status", `^         s2  add s2  .*, irreversible$`)
	older.run(0, "show s2", `^down           none: irreversible$`)
	older.run(0, "down slow", `^2 reverted, at c2, s3; `)
}

func olderKilledInDowngrade(older, newer *release) {
	newer.run(0, "up heads")
	older.kill("shop IN ACCESS SHARE MODE", "DROP INDEX CONCURRENTLY shop_owner", "to heads")
	const row = `s3  add s3  downgrade interrupted after 1 statement, started `
	older.run(0, "status", row, `^next        s3 is unfinished$`, `^            to finish it, run: \S+ migrate down s3@-1$`)
	older.run(0, "status --json", `"state": "unfinished",\s+"message": "add s3",\s+"down_revision": \[\s+"s2"`, `"direction": "down",\s+"statements_done": 1`)
	older.run(0, "history -r s2:slow", `^s3  <- s2  add s3  current, unfinished, label slow$`)
	older.run(0, "show s3", `^unfinished     downgrade interrupted after 1 statement, started `)
	older.run(3, "check", `^unfinished  s3 `)
	older.run(0, "up heads", `^warning: s3 is unfinished$`, `^to finish it, run: \S+ migrate down s3@-1$`, `^nothing to do, at c2, s3; `)
	newer.run(2, "up heads", `^to finish it, run: \S+ migrate down s3@-1$`, `^to record that it took effect, run: \S+ migrate repair s3 --applied$`)
	newer.run(0, "plan down s3@-1", `^1 step from c2, s3, ending at c2, s2 \(4 pending\)$`)
	older.run(0, "to heads", `^4 reverted, at b1, s1 \(heads\)$`)
	older.events("down n2, down n1, down m1, down s3 continued an earlier run that was interrupted after 1 statement, down s2, down c2, down c1")
}

func newerKilledInUpgrade(older, newer *release) {
	newer.run(0, "up s2")
	newer.kill("account IN ROW EXCLUSIVE MODE", "CREATE INDEX CONCURRENTLY account_nick", "up heads")
	older.run(0, "up heads", `^warning: c2 is unfinished; finish it with the program that started it, or check what it did and record the outcome$`, `^to record that it took effect, run: \S+ migrate repair c2 --applied$`)
	older.run(2, "to heads", `revision c2 \(add c2\) is unfinished: its upgrade was interrupted .* this program has no file for it; finish it with the program that started it, `)
	older.run(2, "repair c2 --accept", `this program has no file for it`)
	older.run(2, "repair c3 --applied", `^error: repair c3: no revision`)
	older.run(0, "repair c2 --applied", `^recorded c2 as applied$`)
	newer.run(3, "check", `check found 5 problems$`) // c2 is not reported as modified
	older.run(0, "to heads", `^3 reverted, at b1, s1 \(heads\)$`)
	older.events("repair c2 recorded c2 as applied, down s2, down c2, down c1")
	newer.run(0, "up heads", `^7 applied, at n1, n2 \(heads\)$`)
}
