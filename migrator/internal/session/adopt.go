package session

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/foreign"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// Adopt is what to take over; see migrator.Adopt.
type Adopt struct {
	Tool, Table string            // "": found by looking
	Versions    map[string]string // the tool's versions to revisions; others are revision ids
	Checkpoints map[string]string // versions that stand for a revision and its ancestors
	Baseline    []string          // revisions of a database that no tool migrated
	DryRun      bool
}

// Adoption is what was found and recorded.
type Adoption struct {
	foreign.Table           // zero for a baseline
	Versions      []string  // as the table has them
	Revisions     []string  // that count as applied now, parents first
	Empty         bool      // a baseline for a database without any objects
	checkpoint    graph.Set // the revisions for which a checkpoint in the table stands
}

// AdoptError reports why a database cannot be adopted. Nothing was recorded.
type AdoptError struct {
	Problem AdoptProblem
	Table   string   // the version table, "" when there is none
	Tools   []string // of several tables: "schema.table (tool)"
	Reason  string
}

// AdoptProblem is the reason why a database cannot be adopted.
type AdoptProblem string

// The problems.
const (
	AlreadyAdopted AdoptProblem = "already adopted"
	NoTable        AdoptProblem = "no version table"
	SeveralTables  AdoptProblem = "several version tables"
	WrongTable     AdoptProblem = "not a version table"
	UnknownTool    AdoptProblem = "unknown tool"
	UnknownVersion AdoptProblem = "unknown version"
	MissingVersion AdoptProblem = "missing version"
	DirtyVersion   AdoptProblem = "dirty version"
)

func (e *AdoptError) Error() string {
	if e.Table == "" {
		return "adopt: " + e.Reason
	}
	return "adopt " + e.Table + ": " + e.Reason
}

// Adopt records the revisions that another tool applied, or a baseline, as applied,
// without running anything. It returns nil if nothing was recorded. Errors: *AdoptError, *graph.TargetError, and those of
// apply.Runner.Stamp.
func (s *Session) Adopt(ctx context.Context, a Adopt) (found *Adoption, err error) {
	var left int64 // the generation afterwards
	err = s.change(ctx, func(state ledger.State) error {
		left = state.Generation + 1
		found, err = s.adopt(ctx, a, state)
		return err
	})
	if err == nil && !a.DryRun {
		s.recordBaseline(ctx, left)
	}
	if !apply.IsCommitted(err) {
		return nil, err
	}
	return found, err
}

func (s *Session) adopt(ctx context.Context, a Adopt, state ledger.State) (*Adoption, error) {
	if n := len(state.Rows); n > 0 {
		return nil, &AdoptError{Problem: AlreadyAdopted, Reason: fmt.Sprintf("the ledger %s already has revisions (%d)", s.Ledger, n)}
	}
	if !state.Exists {
		if err := s.checkOtherLedgers(); err != nil {
			return nil, err
		}
	}
	v, err := plan.Join(s.files, state)
	if err != nil {
		return nil, err
	}
	found, targets := &Adoption{}, a.Baseline
	if len(targets) > 0 {
		found.Empty, err = s.hasNoObjects(ctx)
	} else {
		found, targets, err = s.readForeign(ctx, a)
	}
	if err != nil {
		return nil, err
	}
	var p plan.Plan
	if len(targets) > 0 {
		if p, err = v.Stamp(targets, false); err != nil {
			return nil, err
		}
	}
	if err := found.complete(p, a); err != nil {
		return nil, err
	}
	if a.DryRun || len(p.Steps) == 0 && state.Exists {
		return found, nil
	}
	if err := s.mayWrite(ctx, state.Exists); err != nil {
		return nil, err
	}
	// Without steps it creates the ledger, which says that the database was taken over.
	p.Adopt = true
	s.writes++
	_, err = s.runner.Stamp(ctx, p)
	return found, err
}

// complete lists what will be recorded. A tool that records each version must have
// recorded all ancestors of a version too.
func (found *Adoption) complete(p plan.Plan, a Adopt) error {
	recorded := map[string]bool{}
	for _, version := range found.Versions {
		recorded[a.revision(version)] = true
	}
	for _, step := range p.Steps {
		if found.RecordsEachVersion() && !recorded[step.Revision] && !found.checkpoint.Has(step.Revision) {
			return &AdoptError{Problem: MissingVersion, Table: found.Name, Reason: fmt.Sprintf(
				"revision %s precedes others that are in this table, and is missing itself; apply it with %s first, or correct the links of the files", text.Named(step.Revision, step.Message), found.Tool)}
		}
		found.Revisions = append(found.Revisions, step.Revision)
	}
	return nil
}

// checkWhole returns an error if a revision stands for several versions, as a baseline does,
// and the database has some of them only.
func (found *Adoption) checkWhole(a Adopt) error {
	if !found.RecordsEachVersion() {
		return nil
	}
	recorded := map[string]string{} // a version, by its revision
	for _, version := range found.Versions {
		if id, ok := a.Versions[version]; ok {
			recorded[id] = version
		}
	}
	for _, version := range slices.Sorted(maps.Keys(a.Versions)) {
		id := a.Versions[version]
		if other := recorded[id]; other != "" && !slices.Contains(found.Versions, version) {
			return &AdoptError{Problem: MissingVersion, Table: found.Name, Reason: fmt.Sprintf(
				"revision %s stands for several versions, and of these the table has %s, but not %s; apply the missing ones with %s first", id, other, version, found.Tool)}
		}
	}
	return nil
}

func (a Adopt) revision(version string) string {
	return cmp.Or(a.Versions[version], a.Checkpoints[version], version)
}

// readForeign reads the other tool's table, and returns the revisions of its versions.
func (s *Session) readForeign(ctx context.Context, a Adopt) (*Adoption, []string, error) {
	table, err := s.foreignTable(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	found := &Adoption{Table: table}
	if found.Versions, err = s.foreignVersions(ctx, table, a); err != nil {
		return nil, nil, err
	}
	if err := found.checkWhole(a); err != nil {
		return nil, nil, err
	}
	var targets, checkpoints []string
	for _, version := range found.Versions {
		id := a.revision(version)
		if by, ok := s.files.Graph.ReplacedBy(id); ok {
			return nil, nil, &AdoptError{Problem: UnknownVersion, Table: table.Name, Reason: fmt.Sprintf(
				"version %s is revision %s, which %s replaces; adopt the database with a program that still contains it, and then run this one", version, id, by)}
		}
		if s.files.Revision(id) == nil {
			return nil, nil, &AdoptError{Problem: UnknownVersion, Table: table.Name, Reason: a.unknownVersion(version, table.Tool)}
		}
		targets = append(targets, id)
		if _, ok := a.Checkpoints[version]; ok {
			checkpoints = append(checkpoints, id)
		}
	}
	found.checkpoint = s.files.Graph.Closure(graph.NewSet(checkpoints...))
	// Only the highest ones: targets that contain each other are refused.
	return found, s.files.Graph.Maximal(graph.NewSet(targets...)), nil
}

// unknownVersion explains why a version is not a revision of this program.
func (a Adopt) unknownVersion(version, tool string) string {
	text := fmt.Sprintf("version %s is not a revision of this program", version)
	switch id := a.revision(version); {
	case id != version:
		return text + ": the map leads to " + id + ", which does not exist; use the files and the map of the same import"
	case len(a.Versions) > 0:
		return text + " and is not in the map: the database was migrated with files that were not imported; import them again with it"
	case tool == "alembic":
		return text + "; import the files that the database was migrated with first"
	}
	return text + "; import the files first, and use the map that the import wrote"
}

// foreignTable finds the version table to read and the tool it belongs to.
func (s *Session) foreignTable(ctx context.Context, a Adopt) (foreign.Table, error) {
	if a.Tool != "" && !foreign.Known(a.Tool) {
		return foreign.Table{}, &AdoptError{Problem: UnknownTool, Reason: fmt.Sprintf("unknown tool %q; the known tools are %s", a.Tool, foreign.Tools("and"))}
	}
	if a.Table != "" {
		return s.namedTable(ctx, a)
	}
	rows, err := s.query(ctx, foreign.Detect())
	if err != nil {
		return foreign.Table{}, err
	}
	var tables []foreign.Table
	var names, others, unreadable []string
	for _, found := range foreign.Recognized(texts(rows)) {
		table := found.Adopted()
		name := table.Name + " (" + table.Tool + ")"
		switch {
		case !found.Adoptable():
			unreadable = append(unreadable, found.String())
		case a.Tool != "" && a.Tool != table.Tool:
			others = append(others, name)
		default:
			tables, names = append(tables, table), append(names, name)
		}
	}
	switch {
	case len(tables) == 1:
		return tables[0], nil
	case len(tables) > 1:
		return foreign.Table{}, &AdoptError{Problem: SeveralTables, Tools: names, Reason: "found several version tables: " + strings.Join(names, ", ")}
	}
	e := &AdoptError{Problem: NoTable, Tools: others, Reason: "found no version table of " + foreign.Tools("or")}
	if a.Tool != "" {
		e.Reason = "found no version table of " + a.Tool
	}
	if found := append(slices.Clone(others), unreadable...); len(found) > 0 {
		e.Reason += ", but " + strings.Join(found, ", ")
	}
	return foreign.Table{}, e
}

// namedTable is the table that was asked for. Its columns show whose it is.
func (s *Session) namedTable(ctx context.Context, a Adopt) (foreign.Table, error) {
	name, err := ledger.ParseTable(a.Table)
	if err != nil {
		return foreign.Table{}, err
	}
	rows, err := s.query(ctx, foreign.Columns(name))
	if err != nil {
		return foreign.Table{}, err
	}
	if len(rows) == 0 {
		return foreign.Table{}, &AdoptError{Problem: NoTable, Table: a.Table, Reason: "no such table"}
	}
	table, reason := foreign.Recognize(name, texts(rows), a.Tool)
	if reason != "" {
		return foreign.Table{}, &AdoptError{Problem: WrongTable, Table: a.Table, Reason: reason}
	}
	return table, nil
}

// foreignVersions reads the versions that count as applied.
func (s *Session) foreignVersions(ctx context.Context, table foreign.Table, a Adopt) ([]string, error) {
	rows, err := s.conn.Query(ctx, s.withLimits(table.Query()))
	if se := pg.ServerError(err); se != nil {
		if se.Code == pg.LockNotAvailable {
			return nil, s.runner.LockedTable(table.Name, se)
		}
		reason := fmt.Sprintf("cannot be read as %s's: %s (%s)", table.Tool, se.Message, se.Code)
		if hint := s.runner.RowSecurityHint(se); hint != "" {
			reason += "; " + hint
		} else if se.Code == pg.InsufficientPrivilege {
			reason += "; the owner can run: GRANT SELECT ON " + table.Name + " TO " + sqltext.QuoteName(s.runner.EffectiveRole())
		}
		return nil, &AdoptError{Problem: WrongTable, Table: table.Name, Reason: reason}
	}
	if err != nil {
		return nil, err
	}
	versions, dirty, reason := table.Versions(texts(rows), a.Versions)
	switch {
	case dirty != "":
		return nil, &AdoptError{Problem: DirtyVersion, Table: table.Name, Reason: fmt.Sprintf(
			"version %s is dirty: %s stopped in the middle of it; check what of it exists, correct that, %s, then adopt", dirty, table.Tool, table.Repair())}
	case reason != "":
		return nil, &AdoptError{Problem: WrongTable, Table: table.Name, Reason: reason}
	}
	return versions, nil
}

// hasNoObjects reports whether nothing was ever created in a database: after a baseline
// an upgrade would have nothing to do, and the application would find no tables.
func (s *Session) hasNoObjects(ctx context.Context) (bool, error) {
	n := s.Ledger
	rows, err := s.query(ctx, foreign.HasObjects([]string{n.Meta(), n.Revisions(), n.Events()}))
	return err == nil && rows[0][0].Text != "t", err
}

func texts(rows []pg.Row) [][]string {
	all := make([][]string, len(rows))
	for i, row := range rows {
		for _, value := range row {
			all[i] = append(all[i], value.Text)
		}
	}
	return all
}
