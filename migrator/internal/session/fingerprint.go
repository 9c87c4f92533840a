package session

import (
	"context"
	"errors"
	"strconv"
	"time"

	"example.com/ambix/migrator/catalog"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/snapshot"
	"example.com/ambix/migrator/schema"
)

// FingerprintMode says whether a run records the fingerprint of the schema that it leaves.
type FingerprintMode string

// The modes. With FingerprintAuto the schema is read if that takes at most a tenth of the run, and a second; and if
// fingerprints are due, because reading has taken little of the time since the last one.
const (
	FingerprintAuto FingerprintMode = "auto"
	FingerprintOn   FingerprintMode = "on"
	FingerprintOff  FingerprintMode = "off"
)

const (
	longestRead = time.Second           // of a schema, with FingerprintAuto
	leastRead   = 10 * time.Millisecond // no schema is read in less, so that it is not tried
	// A fingerprint is due when so many times the duration of the last read have passed since then: reading at the beginning and
	// the end of a run is 0.2 % of the time. What was never read counts as longestRead.
	dueAfter = 1000
	// largestCatalog is the size of ledger.CatalogSize, in bytes, from which reading may take longer than longestRead: it would
	// be given up after that time at each run, and the rows until then take much memory.
	largestCatalog = 8 << 20
)

// StopReading is when a read is given up that does not depend on the length of the run. It is a variable for tests, which wait
// longer on a busy machine.
var StopReading = longestRead

// limit returns how long the schema may be read after a run that took some time, and whether it is read at all. 0 is no
// limit.
func (mode FingerprintMode) limit(run time.Duration) (limit time.Duration, read bool) {
	switch mode {
	case FingerprintOn:
		return 0, true
	case FingerprintAuto:
		limit = min(run/10, longestRead)
		return limit, limit >= leastRead
	}
	return 0, false
}

// isDue reports whether FingerprintAuto reads the schema although the run is short.
func isDue(age, took time.Duration, catalog int64) bool {
	if took <= 0 {
		took = longestRead
	}
	return age >= dueAfter*took && catalog <= largestCatalog
}

// checkDue finds out whether fingerprints are due. Databases of tests, which are migrated at once, are too young; and in a
// fleet the reads of all targets would add up.
func (m *Mover) checkDue(ctx context.Context) {
	if m.Fingerprint != FingerprintAuto || m.dueKnown || m.first.Stamp || !m.first.Exists || m.TargetDatabase != "" {
		return
	}
	m.dueKnown = true
	rows, err := m.query(ctx, m.Ledger.FingerprintAge())
	if err != nil || len(rows) != 1 || len(rows[0]) != 3 {
		return
	}
	seconds := func(v pg.Value) time.Duration {
		n, _ := strconv.ParseFloat(v.Text, 64) // 0 for NULL
		return time.Duration(n * float64(time.Second))
	}
	size, _ := strconv.ParseInt(rows[0][2].Text, 10, 64)
	m.due = isDue(seconds(rows[0][0]), seconds(rows[0][1]), size)
}

// raises returns by how much the steps of a plan raise the generation.
func raises(p plan.Plan) int64 {
	if p.Stamp {
		return 1
	}
	var n int64
	for _, s := range p.Steps {
		n++
		if !s.Transactional() {
			n++ // at its beginning and at its end
		}
	}
	return n
}

// compareFirst compares the schema with what the last run left, before the first step, so that a change that somebody made
// by hand is not recorded as that of this run. FingerprintAuto leaves it out unless it is due, because nobody knows how long
// the run takes.
func (m *Mover) compareFirst(ctx context.Context, state ledger.State) {
	m.checkDue(ctx)
	if m.compared || m.Fingerprint != FingerprintOn && !m.due || m.first.Stamp {
		return
	}
	m.compared = true
	if m.due {
		limited, cancel := context.WithTimeout(ctx, StopReading)
		defer cancel()
		ctx = limited
	}
	d, err := m.Drift(ctx, state)
	switch {
	case err != nil, d != nil && d.Err != nil:
		m.unsure = true
	case d != nil && (d.Change == SchemaChanged || d.Change == AccessChanged):
		m.drift = d
		m.emit(Drifted{Change: d.Change})
	}
}

// recordFingerprint records what the run has left, unless the ledger is no longer where the run left it. The schema is read
// after the last commit and outside every transaction of ours. It never fails: the run has succeeded.
func (m *Mover) recordFingerprint(ctx context.Context) {
	limit, read := m.Fingerprint.limit(time.Since(m.started))
	if m.due {
		limit, read = StopReading, true
	}
	if !read || m.unsure || len(m.report.Others) > 0 {
		return
	}
	generation := m.leftAt
	switch {
	case m.first.Exists && len(m.first.Steps) == 0:
		if m.Fingerprint != FingerprintOn || m.mayWrite(ctx, true) != nil {
			return
		}
		generation = m.first.Generation
	case m.leftAt < 0 || len(m.report.Steps) == 0:
		return
	case m.drift != nil:
		f := m.drift.Fingerprints
		f.Generation, f.Drift = generation, driftWord(m.drift.Change)
		m.runner.SaveFingerprints(ctx, f, 0)
		return
	}
	if !m.first.Stamp && m.first.Exists && !m.compared {
		// Replacing a fingerprint that was not compared would hide what has changed since.
		last, found, err := m.lastFingerprints(ctx)
		if err != nil || found && last.Generation == m.first.Generation && !m.isOutdated(last) {
			return
		}
	}
	if limit > 0 && !m.due && m.hasLargeCatalog(ctx) { // for one that is due, checkDue has asked
		return
	}
	m.saveFingerprint(ctx, generation, limit)
}

// isOutdated reports whether a fingerprint can no longer be compared, because the server is of another version by now.
func (s *Session) isOutdated(f ledger.Fingerprints) bool {
	plain, err := schema.ParseFingerprint(f.Plain)
	return err == nil && f.Drift == "" && plain.Class != schema.TextClass(s.conn.ServerVersion())
}

// recordBaseline records what the schema is after a decision about what is applied, which only a person makes.
func (s *Session) recordBaseline(ctx context.Context, generation int64) {
	switch s.Fingerprint {
	case FingerprintOn:
		s.saveFingerprint(ctx, generation, 0)
	case FingerprintAuto:
		if !s.hasLargeCatalog(ctx) {
			s.saveFingerprint(ctx, generation, StopReading)
		}
	}
}

// saveFingerprint reads the schema and records its fingerprint. limit is that of reading; 0 is none.
func (s *Session) saveFingerprint(ctx context.Context, generation int64, limit time.Duration) {
	reading := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		reading, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	began := time.Now()
	found, err := s.Schema(reading)
	if err != nil {
		return
	}
	found = found.WithoutNames(s.FingerprintIgnore...)
	f := ledger.Fingerprints{Generation: generation, Ignore: s.FingerprintIgnore, Plain: found.Fingerprint().String(), Full: found.FullFingerprint().String()}
	s.runner.SaveFingerprints(ctx, f, time.Since(began))
}

// hasLargeCatalog reports whether reading the schema may take longer than longestRead, or is not known to take less.
func (s *Session) hasLargeCatalog(ctx context.Context) bool {
	rows, err := s.query(ctx, "SELECT "+ledger.CatalogSize)
	if err != nil || len(rows) != 1 {
		return true
	}
	size, err := strconv.ParseInt(rows[0][0].Text, 10, 64)
	return err != nil || size > largestCatalog
}

func driftWord(c SchemaChange) string {
	if c == AccessChanged {
		return "access"
	}
	return "changed"
}

// Drift is how the schema compares with what the last run left.
type Drift struct {
	ledger.Fingerprints
	Change SchemaChange
	Err    error // of NotCompared: why; nil if the server's version is another
}

// SchemaChange is a result of the comparison.
type SchemaChange string

// The results.
const (
	Unchanged     SchemaChange = "unchanged"
	SchemaChanged SchemaChange = "changed"
	AccessChanged SchemaChange = "access changed" // owners or privileges only
	NotCompared   SchemaChange = "not compared"
)

// Drift compares the schema with the fingerprint that belongs to a state of the ledger. It returns nil if no run has
// recorded one since, and for a ledger of a single schema: a fingerprint is that of a database.
func (s *Session) Drift(ctx context.Context, state ledger.State) (*Drift, error) {
	if !state.Exists || s.TargetSchema != "" {
		return nil, nil
	}
	recorded, found, err := s.lastFingerprints(ctx)
	if err != nil || !found || recorded.Generation != state.Generation {
		return nil, err
	}
	plain, err := schema.ParseFingerprint(recorded.Plain)
	if err != nil {
		return nil, nil // written by a newer program
	}
	switch recorded.Drift {
	case "changed":
		return &Drift{Fingerprints: recorded, Change: SchemaChanged}, nil
	case "access":
		return &Drift{Fingerprints: recorded, Change: AccessChanged}, nil
	}
	d := &Drift{Fingerprints: recorded, Change: NotCompared}
	now, err := s.Schema(ctx)
	switch {
	case unreadable(err):
		d.Err = err
		return d, nil
	case err != nil:
		return nil, err
	}
	now = now.WithoutNames(recorded.Ignore...)
	computed, known := plain.Compute(now)
	switch {
	case !known || !plain.Comparable(computed):
	case plain != computed:
		d.Change = SchemaChanged
	case recorded.Full != now.FullFingerprint().String():
		d.Change = AccessChanged
	default:
		d.Change = Unchanged
	}
	if d.Change == Unchanged || d.Change == NotCompared {
		return d, nil
	}
	// A run may have ended between reading the ledger and reading the schema.
	rows, err := s.query(ctx, s.Ledger.Read(false)[0])
	if err != nil || len(rows) != 1 || rows[0][1].Text != strconv.FormatInt(state.Generation, 10) {
		return nil, err
	}
	return d, nil
}

// ReportUncompared emits Uncompared for a schema that a check of the database could not compare.
func (s *Session) ReportUncompared(d *Drift) {
	if d != nil && d.Change == NotCompared {
		s.emit(Uncompared{Drift: d})
	}
}

// unreadable reports whether the schema could not be read for a reason that is no reason to fail.
func unreadable(err error) bool {
	_, busy := errors.AsType[*snapshot.BusyError](err)
	_, denied := errors.AsType[*snapshot.DeniedError](err)
	_, unknown := errors.AsType[*catalog.UnknownError](err)
	return busy || denied || unknown
}

func (s *Session) lastFingerprints(ctx context.Context) (f ledger.Fingerprints, found bool, err error) {
	rows, err := s.query(ctx, s.Ledger.LastFingerprints())
	if err != nil || len(rows) == 0 {
		return f, false, err
	}
	fields := make([][]byte, len(rows[0]))
	for i, v := range rows[0] {
		if !v.Null {
			fields[i] = []byte(v.Text)
		}
	}
	return ledger.DecodeFingerprints(s.Ledger, fields)
}
