package migrator_test

import (
	"context"
	"errors"
	"flag"
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
	"example.com/ambix/migrator/internal/pgtest"
)

var update = flag.Bool("update", false, "write the messages in testdata/mistakes")

// Every file in testdata/mistakes is one mistake: what is done, a command a line, the
// files it is done with, and the whole message that comes of the last command.
//
// The commands: sql, hold (in a session that stays open), lock (another runner is at
// work) and wait (for a query to give t) come from somebody else; config, as (a role that
// is no superuser; $ROLE), through (a pooler), database, password and port change how the
// later ones connect; edit brings the files below later/; fails is put before a command
// that fails on the way; up, down, to, redo, stamp, status, check and new are ours.
func TestMistakes(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/mistakes/*.txt")
	if err != nil || len(names) < 40 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	for _, name := range names {
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
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("(-want +have)\n%s", diff)
			}
		})
	}
}

// mistake is one file of testdata/mistakes on its way.
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
		m.cfg = config(m.t, m.admin)
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
		hold(m.t, config(m.t, m.admin), rest)
	case "lock":
		holdLock(m.t, m.admin, rest)
	case "wait":
		await(m.t, m.admin, rest, "t")
	case "as":
		url := pgtest.Role(m.t, m.admin)
		m.cfg = config(m.t, url)
		m.role = m.cfg.User
	case "through":
		m.cfg = config(m.t, pgtest.Shared(m.t).PgBouncer(m.t, nil).Through(m.admin))
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
			m.config.Changed = migrator.Policy(value)
		default:
			m.t.Fatalf("there is no setting %s", key)
		}
	}
}

func (m *mistake) ours(verb string, targets []string) error {
	set, err := migrator.New(m.files, m.config)
	if err != nil || verb == "new" {
		return err
	}
	ctx := context.Background()
	switch verb {
	case "status":
		_, err = set.Status(ctx, m.cfg)
	case "repair":
		_, err = set.Repair(ctx, m.cfg, targets[0], migrator.Decision(targets[1]))
	case "interrupt":
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		go func() {
			defer cancel()
			await(m.t, m.admin, sleeping, "1")
		}()
		_, err = set.Up(ctx, m.cfg)
	default:
		_, err = set.Move(ctx, m.cfg, migrator.Verb(verb), targets...)
	}
	return err
}

// mask replaces what differs from run to run.
func (m *mistake) mask(text string) string {
	if m.cfg != nil {
		text = strings.ReplaceAll(text, fmt.Sprintf("%s:%d", m.cfg.Host, m.cfg.Port), "HOST:PORT")
		text = strings.ReplaceAll(text, config(m.t, m.admin).Database, "DATABASE")
	}
	for _, r := range []struct{ from, to string }{
		{`role_[0-9a-f]{8}`, "ROLE"},
		{`process \d+`, "process PID"},
		{`waited [0-9.]+m?s`, "waited TIME"},
		{`for [0-9.]+m?s;`, "for TIME;"},
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
