package cli

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/dbenv"
)

// listedTarget is a line of --each-file.
type listedTarget struct {
	name   string
	line   int
	config *pgconn.Config // nil: the name is a schema of the configured database
	source *dbenv.Source  // of config
}

// readTargets reads --each-file; nil if file is "". Empty lines and those that begin with #
// do not count.
func (r *run) readTargets(file string) ([]listedTarget, error) {
	if file == "" {
		return nil, nil
	}
	name, in := file, r.cmd.InOrStdin()
	if file == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(file)
		if err != nil {
			return nil, &fileError{err}
		}
		defer f.Close()
		in = f
	}
	var list []listedTarget
	var problems []dbenv.Problem
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		t, err := r.newListedTarget(line, fmt.Sprintf("line %d of %s", n, terminal.Line(name)))
		if wrong, ok := errors.AsType[*dbenv.Error](err); ok {
			problems = append(problems, wrong.Problems...)
		} else if err != nil {
			return nil, err
		}
		t.line = n
		if problem := t.conflict(list); problem != "" {
			problems = append(problems, dbenv.Problem{Name: fmt.Sprintf("line %d of %s", n, terminal.Line(name)), Text: problem})
		}
		list = append(list, t)
	}
	if err := lines.Err(); err != nil {
		return nil, &fileError{fmt.Errorf("%s: %w", name, err)}
	}
	if len(problems) > 0 {
		return nil, &dbenv.Error{Problems: problems}
	}
	return list, nil
}

// newListedTarget returns the target of a line. where is what errors call the line, which may
// contain a password.
func (r *run) newListedTarget(line, where string) (listedTarget, error) {
	if !strings.Contains(line, "://") {
		if strings.ContainsAny(line, "=@:") {
			return listedTarget{}, &dbenv.Error{Problems: []dbenv.Problem{{Name: where, Text: "is neither the name of a schema nor a URL that begins with postgres://"}}}
		}
		return listedTarget{name: line}, nil
	}
	source, err := dbenv.Options{DatabaseURL: line, DatabaseURLName: where, Environ: r.environ()}.Source()
	if err != nil {
		return listedTarget{}, err
	}
	cfg, err := source.Config(r.ctx)
	if err != nil {
		return listedTarget{}, err
	}
	return listedTarget{name: address(cfg), config: cfg, source: source}, nil
}

// conflict says which of the lines before names the same database with another role or other parameters; "" if
// none does. Nobody could tell with which of them the database would be migrated.
func (t listedTarget) conflict(before []listedTarget) string {
	i := slices.IndexFunc(before, func(b listedTarget) bool { return b.name == t.name })
	if i < 0 || t.config == nil || before[i].config == nil {
		return ""
	}
	first := before[i]
	switch {
	case first.config.User != t.config.User:
		return fmt.Sprintf("is the database of line %d with the role %s instead of %s; a database is one target: remove one of the lines", first.line, terminal.Quote(t.config.User), terminal.Quote(first.config.User))
	case !maps.Equal(first.config.RuntimeParams, t.config.RuntimeParams):
		return fmt.Sprintf("is the database of line %d with other parameters; a database is one target: remove one of the lines", first.line)
	}
	return ""
}

// address names a database on a server.
func address(cfg *pgconn.Config) string {
	return fmt.Sprintf("%s:%d/%s", cfg.Host, cfg.Port, databaseName(cfg))
}

// listed returns the targets of --each-file, each once.
func listed(list []listedTarget, cfg *pgconn.Config) []migrator.Target {
	var targets []migrator.Target
	seen := map[string]bool{}
	for _, t := range list {
		if seen[t.name] {
			continue
		}
		seen[t.name] = true
		if t.config == nil {
			targets = append(targets, migrator.Target{Name: t.name, Config: cfg, Schema: t.name})
		} else {
			targets = append(targets, migrator.Target{Name: t.name, Config: t.config})
		}
	}
	return targets
}
