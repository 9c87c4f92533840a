package migrator

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/session"
)

// SchemaState says how a schema compares with what the last run left.
type SchemaState string

// The states.
const (
	SchemaUnchanged     SchemaState = "unchanged"
	SchemaChanged       SchemaState = "changed"
	SchemaAccessChanged SchemaState = "access changed" // owners or privileges, and nothing else
	SchemaNotCompared   SchemaState = "not compared"   // it could not be read, or the server prints it differently by now
)

// SchemaStatus compares a schema with the fingerprint that the last run recorded.
type SchemaStatus struct {
	State SchemaState
	// Fingerprint is the recorded one, without owners and privileges.
	Fingerprint string
	// At, By and From are when that run ended, its role and its host. Run is that of its events.
	At       time.Time
	By, From string
	Run      string
	// Ignore are the patterns for objects that were left out, see Config.FingerprintIgnore.
	Ignore []string
	// Earlier: it had changed before that run began, which went on, and Fingerprint is that of the run before.
	Earlier bool
	// Err is why the schema could not be read, of SchemaNotCompared; nil if the server's text class is another by now.
	Err error
}

// String says how the schema compares with what the last run left, as a sentence without its period.
func (s *SchemaStatus) String() string {
	at := s.At.UTC()
	run := "the run that ended at " + at.Format(time.TimeOnly) + "Z left on " + at.Format(time.DateOnly)
	if s.Earlier {
		what := "the schema had changed"
		if s.State == SchemaAccessChanged {
			what = "owners or privileges had changed"
		}
		return what + " before the run that ended at " + at.Format(time.TimeOnly) + "Z on " + at.Format(time.DateOnly)
	}
	switch s.State {
	case SchemaChanged:
		return "the schema is not what " + run
	case SchemaAccessChanged:
		return "owners or privileges are not what " + run
	case SchemaUnchanged:
		return "as " + run
	}
	if s.Err != nil {
		return "not compared with what " + run + ": " + s.Err.Error()
	}
	return "not compared with what " + run + ", because this version of the server prints expressions differently"
}

// Drift compares the schema of a database with the fingerprint that the last run recorded. It returns nil if that run
// recorded none; see Config.Fingerprint. It writes nothing. Which objects have changed is the Diff of Database and Applied.
func (m *Migrator) Drift(ctx context.Context, cfg *pgconn.Config) (*SchemaStatus, error) {
	var st *SchemaStatus
	err := m.with(ctx, cfg, func(s *session.Session) error {
		v, err := s.View(ctx)
		if err != nil {
			return err
		}
		d, err := s.Drift(ctx, v.State)
		st = newSchemaStatus(d)
		return err
	})
	return st, err
}

func newSchemaStatus(d *session.Drift) *SchemaStatus {
	if d == nil {
		return nil
	}
	return &SchemaStatus{State: SchemaState(d.Change), Fingerprint: d.Plain, At: d.At, By: d.By, From: d.From, Run: d.Run, Ignore: d.Ignore, Earlier: d.Fingerprints.Drift != "", Err: newError(d.Err)}
}
