package migrator

import (
	"context"
	"iter"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/session"
)

// LogEntry is one event in the ledger's log.
type LogEntry struct {
	ID        int64
	At        time.Time
	Action    LogAction
	Revision  string // "" when the event is not about one revision
	Message   string
	Direction Direction // "" when no script was involved
	Duration  time.Duration
	// AppliedBy and AppliedFrom are the role and the host.
	AppliedBy, AppliedFrom string
	BinaryVersion          string
	Run                    string // the same for all events of one run
	Detail                 string // what failed, or what was decided
}

// LogAction says what an entry records.
type LogAction string

// The actions.
const (
	LogUp          LogAction = "up"
	LogDown        LogAction = "down"
	LogStamp       LogAction = "stamp"
	LogFailed      LogAction = "failed"
	LogInterrupted LogAction = "interrupted"
	LogRepair      LogAction = "repair"
	LogAdopt       LogAction = "adopt"
	LogReplace     LogAction = "replace"     // rows were exchanged for that of the revision that replaces theirs
	LogFormat      LogAction = "format"      // the ledger's tables were upgraded
	LogFingerprint LogAction = "fingerprint" // of the schema that a run left; see Config.Fingerprint
)

// Log returns the events of a database, the newest first, at most limit (0: all). A
// database without a ledger has none. It writes nothing and locks nothing.
func (m *Migrator) Log(ctx context.Context, cfg *pgconn.Config, limit int) ([]LogEntry, error) {
	var entries []LogEntry
	for e, err := range m.LogEntries(ctx, cfg) {
		if err != nil {
			return nil, err
		}
		if entries = append(entries, e); len(entries) == limit {
			break
		}
	}
	return entries, nil
}

// LogEntries is Log for a log of any length: it keeps only some hundred events in memory. An
// error is the last element, with a zero entry.
func (m *Migrator) LogEntries(ctx context.Context, cfg *pgconn.Config) iter.Seq2[LogEntry, error] {
	return func(yield func(LogEntry, error) bool) {
		stopped := false
		err := m.with(ctx, cfg, func(s *session.Session) error {
			return s.Events(ctx, func(e ledger.Event) bool {
				stopped = !yield(LogEntry{
					ID: e.ID, At: e.At, Action: LogAction(e.Action), Revision: e.Revision, Message: e.Message, Direction: Direction(e.Direction), Duration: e.Duration,
					AppliedBy: e.AppliedBy, AppliedFrom: e.AppliedFrom, BinaryVersion: e.BinaryVersion, Run: e.Run, Detail: e.Detail,
				}, nil)
				return !stopped
			})
		})
		if err != nil && !stopped {
			yield(LogEntry{}, err)
		}
	}
}

// EnsureLedger creates the ledger of a database that has none, and reports whether it
// did. Errors: those of Stamp.
func (m *Migrator) EnsureLedger(ctx context.Context, cfg *pgconn.Config) (created bool, err error) {
	err = m.with(ctx, cfg, func(s *session.Session) (err error) {
		created, err = s.EnsureLedger(ctx)
		return err
	})
	return created, err
}
