package migrator

import (
	"context"
	"log/slog"
)

// LogEvents returns an observer for Config.OnEvent that writes every event to a logger:
// warnings for what a person should look at, debug records for progress within a step, info
// records for the rest. Durations are in milliseconds; database and target are in every
// record.
func LogEvents(log *slog.Logger) func(Event) {
	return func(e Event) {
		level, message, attrs := describe(e)
		o := e.Source()
		attrs = append(attrs, slog.String("database", o.Database))
		if o.Target != "" {
			attrs = append(attrs, slog.String("target", o.Target))
		}
		log.LogAttrs(context.Background(), level, message, attrs...)
	}
}

func describe(event Event) (slog.Level, string, []slog.Attr) {
	ms := func(key string, d interface{ Microseconds() int64 }) slog.Attr {
		return slog.Float64(key, float64(d.Microseconds())/1000)
	}
	of := func(s Step, more ...slog.Attr) []slog.Attr {
		return append([]slog.Attr{slog.String("direction", string(s.Direction)), slog.String("revision", s.Revision), slog.String("message", s.Message)}, more...)
	}
	switch e := event.(type) {
	case Connecting:
		return slog.LevelInfo, "the server does not accept connections yet", []slog.Attr{slog.Any("error", e.Err)}
	case ConnectionLost:
		return slog.LevelWarn, "connection lost", []slog.Attr{slog.Any("error", e.Err)}
	case Deferred:
		return slog.LevelInfo, "target deferred", []slog.Attr{slog.Any("error", e.Err)}
	case WorkerStopped:
		return slog.LevelWarn, "no connection for another worker", []slog.Attr{slog.Int("workers", e.Workers), slog.Any("error", e.Err)}
	case Planned:
		return slog.LevelInfo, "planned", []slog.Attr{slog.Any("from", e.From), slog.Any("to", e.To), slog.Int("steps", len(e.Steps))}
	case StepStarted:
		return slog.LevelDebug, "step started", of(e.Step)
	case StepFinished:
		return slog.LevelInfo, "step committed", of(e.Step, ms("duration_ms", e.Step.Duration))
	case StepUndone:
		return slog.LevelWarn, "the server lost a committed step", of(e.Step)
	case StepRetrying:
		return slog.LevelWarn, "lock timeout, trying again", of(e.Step, slog.Any("error", e.Err), slog.Int("try", e.Try), ms("pause_ms", e.Pause))
	case StepBlocked:
		blockers := make([]string, len(e.Blockers))
		for i, b := range e.Blockers {
			blockers[i] = b.String()
		}
		return slog.LevelWarn, "waiting for locks", of(e.Step, slog.Any("blockers", blockers), ms("waited_ms", e.Waited))
	case IndexProgress:
		return slog.LevelDebug, "building an index", of(e.Step, slog.String("index", e.Index), slog.String("table", e.Table), slog.String("phase", e.Phase), slog.Int64("done", e.Done), slog.Int64("total", e.Total), ms("running_ms", e.Running))
	case StepProgress:
		return slog.LevelDebug, "step in progress", of(e.Step, slog.Int("statements_done", e.Done), slog.Int("statements", e.Of), slog.Int64("rows", e.Rows), ms("running_ms", e.Running))
	case Repaired:
		return slog.LevelWarn, "repairing what an interrupted statement left", of(e.Step, slog.String("object", e.Object), slog.String("problem", e.Problem), slog.String("statement", e.Statement))
	case Notice:
		level := slog.LevelInfo
		if e.Severity == "WARNING" {
			level = slog.LevelWarn
		}
		return level, e.Text, of(e.Step, slog.String("severity", e.Severity), slog.String("sqlstate", e.SQLState), slog.String("file", e.Step.File), slog.Int("line", e.Line))
	case Waiting:
		return slog.LevelInfo, "waiting for another runner", []slog.Attr{slog.String("holder", e.Holder.String()), ms("waited_ms", e.Waited)}
	case RevisionsReplaced:
		return slog.LevelInfo, "recorded a revision in the place of those that it replaces", []slog.Attr{
			slog.String("revision", e.Replacement.Revision), slog.String("message", e.Replacement.Message), slog.Any("replaced", e.Replacement.Recorded),
		}
	case FileModified:
		return slog.LevelWarn, "an applied revision was modified", []slog.Attr{slog.String("revision", e.Revision), slog.String("file", e.File), slog.Any("changes", e.Changes)}
	case SchemaDrifted:
		return slog.LevelWarn, "the schema is not what the last run left", []slog.Attr{slog.String("state", string(e.State))}
	case SchemaUncompared:
		return slog.LevelWarn, "the schema was " + e.Schema.String(), nil
	case RevisionUnfinished:
		return slog.LevelWarn, "a revision is unfinished", []slog.Attr{slog.String("revision", e.Revision)}
	}
	return slog.LevelInfo, "event", nil
}
