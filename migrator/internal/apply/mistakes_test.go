package apply_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rogpeppe/go-internal/txtar"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// Every file in testdata/mistakes is one mistake: commands, one per line, the revision files,
// and the whole message of the last command.
//
// sql, hold (in a session that stays open), lock (as another runner) and wait (until a query
// returns t) are done by other sessions. config, as (a role that is not a superuser: $ROLE),
// through (a pooler), database, password and port change how later commands connect. edit
// adds or replaces the files below later/. up, down, to, redo, stamp, status, repair,
// interrupt and new are ours. "fails" precedes a command that has to fail, other than the
// last.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, name := range mistakeFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			m := newMistake(t, archive)
			got := m.mask(m.run(string(archive.Comment)))
			want := &archive.Files[len(archive.Files)-1]
			if want.Name != "message" {
				t.Fatal("the last section is not the message")
			}
			if *apply.Update {
				want.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

var (
	excerptLine = regexp.MustCompile(`(?m)^ *\d* \| .*\n`)
	flagName    = regexp.MustCompile(`--[a-z][\w-]*`)
	commandName = regexp.MustCompile("`[a-z][a-z-]*( [^`]*)?`") // not `key: value` of a header, not SQL in capitals
)

// The messages of the library are facts. Advice with flags and commands belongs to the command
// line.
func TestMessagesContainNoFlagsOrCommands(t *testing.T) {
	t.Parallel()
	for _, name := range mistakeFiles(t) {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		message := excerptLine.ReplaceAllString(string(archive.Files[len(archive.Files)-1].Data), "")
		for _, pattern := range []*regexp.Regexp{flagName, commandName} {
			if found := pattern.FindString(message); found != "" {
				t.Errorf("%s: the message contains %s", name, found)
			}
		}
	}
}

func mistakeFiles(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/mistakes/*.txt")
	if err != nil || len(names) < 40 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	return names
}

// mistake is a file of testdata/mistakes that is being run.
type mistake struct {
	t            *testing.T
	files, later fstest.MapFS
	config       migrator.Config
	admin        string
	cfg          *pgconn.Config
	role         string
}

func newMistake(t *testing.T, archive *txtar.Archive) *mistake {
	m := &mistake{t: t, files: fstest.MapFS{}, later: fstest.MapFS{}, config: migrator.Config{Prefix: "sql"}}
	for _, f := range archive.Files {
		if name, ok := strings.CutPrefix(f.Name, "later/"); ok {
			m.later[name] = &fstest.MapFile{Data: f.Data}
		} else if f.Name != "message" {
			m.files[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	return m
}

func (m *mistake) run(commands string) string {
	var err error
	lines := strings.Split(strings.TrimSpace(commands), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "#") {
			continue
		}
		command, failing := strings.CutPrefix(line, "fails ")
		if err = m.command(command); (err != nil) != (failing || i == len(lines)-1) {
			m.t.Fatalf("%s: %v", line, err)
		}
	}
	text := err.Error() + "\n"
	var failed *migrator.RevisionError
	if errors.As(err, &failed) {
		text += failed.Excerpt()
	}
	return text
}

func (m *mistake) connect() {
	if m.admin == "" {
		m.admin = pgtest.Database(m.t)
		m.cfg = projecttest.Config(m.t, m.admin)
	}
}

func (m *mistake) command(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.ReplaceAll(rest, "$ROLE", m.role)
	if word != "new" && word != "config" {
		m.connect()
	}
	switch word {
	case "sql":
		pgtest.Exec(m.t, m.admin, rest)
	case "hold":
		projecttest.Hold(m.t, projecttest.Config(m.t, m.admin), rest)
	case "lock":
		projecttest.HoldLock(m.t, m.admin, rest)
	case "wait":
		projecttest.Await(m.t, m.admin, rest, "t")
	case "as":
		url := pgtest.Role(m.t, m.admin)
		m.cfg = projecttest.Config(m.t, url)
		m.role = m.cfg.User
	case "through":
		m.cfg = projecttest.Config(m.t, pgtest.Shared(m.t).PgBouncer(m.t, nil).Through(m.admin))
	case "database":
		m.cfg.Database = rest
	case "password":
		m.cfg.Password = rest
	case "port":
		m.cfg.Port, m.cfg.Host = 1, "127.0.0.1"
	case "config":
		m.configure(rest)
	case "edit":
		for name, f := range m.later {
			m.files[name] = f
			if len(f.Data) == 0 {
				delete(m.files, name)
			}
		}
	default:
		return m.ours(word, strings.Fields(rest))
	}
	return nil
}

func (m *mistake) configure(settings string) {
	for setting := range strings.FieldsSeq(settings) {
		key, value, _ := strings.Cut(setting, "=")
		d, _ := time.ParseDuration(value)
		switch key {
		case "ledger":
			m.config.Ledger = value
		case "role":
			m.config.Role = value
		case "lock_timeout":
			m.config.LockTimeout = d
		case "retry_for":
			m.config.RetryFor = d
		case "statement_timeout":
			m.config.StatementTimeout = d
		case "wait_runner":
			m.config.WaitRunner = d
		case "single":
			m.config.SingleTransaction = true
		case "ahead":
			m.config.Ahead = migrator.Policy(value)
		case "changed":
			m.config.Modified = migrator.Policy(value)
		default:
			m.t.Fatalf("unknown setting %s", key)
		}
	}
}

func (m *mistake) ours(verb string, targets []string) error {
	mig, err := migrator.New(m.files, m.config)
	if err != nil || verb == "new" {
		return err
	}
	projecttest.Register(mig)
	ctx := context.Background()
	switch verb {
	case "status":
		_, err = mig.Status(ctx, m.cfg)
	case "repair":
		_, err = mig.Repair(ctx, m.cfg, targets[0], migrator.Decision(targets[1]))
	case "interrupt":
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		go func() {
			defer cancel()
			projecttest.Await(m.t, m.admin, projecttest.Sleeping, "1")
		}()
		_, err = mig.Up(ctx, m.cfg)
	default:
		_, err = mig.Move(ctx, m.cfg, migrator.Verb(verb), targets...)
	}
	return err
}

// mask replaces what differs between runs.
func (m *mistake) mask(text string) string {
	if m.cfg != nil {
		text = strings.ReplaceAll(text, fmt.Sprintf("%s:%d", m.cfg.Host, m.cfg.Port), "HOST:PORT")
		text = strings.ReplaceAll(text, projecttest.Config(m.t, m.admin).Database, "DATABASE")
	}
	for _, r := range []struct{ from, to string }{
		{`role_[0-9a-f]{8}`, "ROLE"},
		{`process \d+`, "process PID"},
		{`waited [0-9.]+m?s`, "waited TIME"},
		{`, in a transaction for [0-9.]+m?s`, ""}, // a short one is not mentioned
		{` \d+ times in [0-9.]+m?s`, " N times in TIME"},
		{`while locking tuple \(\d+,\d+\)`, "while locking tuple (N,N)"},
		{`Process \d+`, "Process PID"},
		{`transaction \d+`, "transaction XID"},
		{`PostgreSQL \d+(\.\d+|beta\d+|rc\d+)*`, "PostgreSQL VERSION"},
	} {
		text = regexp.MustCompile(r.from).ReplaceAllString(text, r.to)
	}
	return text
}
