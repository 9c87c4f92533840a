package cli

import (
	"log/slog"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// eventName is the name of a record of --log-format json. Programs select records by it:
// names are never changed.
type eventName string

// The names of the records.
const (
	eventDatabase       eventName = "database"
	eventScratch        eventName = "scratch"
	eventScratchStep    eventName = "scratch-step"
	eventVariable       eventName = "variable-ignored"
	eventSignal         eventName = "signal"
	eventUnavailable    eventName = "server-unavailable"
	eventLost           eventName = "connection-lost"
	eventWaiting        eventName = "waiting-for-runner"
	eventRunner         eventName = "runner-active"
	eventPlanned        eventName = "planned"
	eventRunning        eventName = "step-running"
	eventBlocked        eventName = "step-blocked"
	eventUndone         eventName = "step-undone"
	eventRetrying       eventName = "step-retrying"
	eventCommitted      eventName = "step-committed"
	eventRecorded       eventName = "step-recorded"
	eventIndex          eventName = "index-progress"
	eventRepairing      eventName = "repairing"
	eventNotice         eventName = "notice"
	eventDrifted        eventName = "schema-drifted"
	eventUncompared     eventName = "schema-uncompared"
	eventModified       eventName = "revision-modified"
	eventMoreModified   eventName = "more-modified"
	eventUnfinished     eventName = "revision-unfinished"
	eventReplaced       eventName = "revisions-replaced"
	eventMovedAway      eventName = "revisions-moved"
	eventData           eventName = "squash-data"
	eventOmitted        eventName = "squash-omission"
	eventStale          eventName = "files-stale"
	eventNotComparable  eventName = "not-comparable"
	eventUnused         eventName = "pattern-unused"
	eventGuardOmitted   eventName = "guard-omitted"
	eventCopied         eventName = "rows-copied"
	eventRowsLeft       eventName = "rows-left-out"
	eventRowsSchema     eventName = "rows-schema"
	eventSizesLack      eventName = "sizes-lack"
	eventNothing        eventName = "nothing-changed"
	eventDestroys       eventName = "draft-destroys"
	eventUsing          eventName = "draft-asks-using"
	eventNotSplit       eventName = "draft-not-split"
	eventUnmarked       eventName = "state-unknown"
	eventLargePicture   eventName = "large-picture"
	eventEmpty          eventName = "database-empty"
	eventMoved          eventName = "revision-rebased"
	eventVersionUnknown eventName = "version-unknown"
	eventFileKept       eventName = "file-kept"
	eventNext           eventName = "next"
	eventTargets        eventName = "targets"
	eventProgress       eventName = "progress"
	eventDeferred       eventName = "target-deferred"
	eventWorkerStopped  eventName = "worker-stopped"
	eventSchemaNamed    eventName = "schema-named"
	eventTargetFailed   eventName = "target-failed"
	eventFinished       eventName = "finished"
	eventFailed         eventName = "failed"
)

// eventRow describes a record. The table in docs/json.md is generated from these rows.
type eventRow struct {
	name   eventName
	means  string
	fields string // besides those that every record has
}

// eventRows has a row for every name.
var eventRows = []eventRow{
	{eventDatabase, "the database that is used", "`host`, `user`"},
	{eventScratch, "the server where scratch databases are made", "`host`, `user`"},
	{eventScratchStep, "a step in a scratch database is still running, or how many there have been", "`revision`, `file` or `table`; `running_ms` or `step`"},
	{eventVariable, "a variable is set that no setting has, and similar to one that is read", ""},
	{eventSignal, "a signal was received", ""},
	{eventUnavailable, "the server does not accept connections; retrying", "`problem`, `reason`, `limit_ms`"},
	{eventLost, "the connection was lost; reconnecting to find out whether the step was committed", "`error`"},
	{eventWaiting, "waiting for another runner", "`pid`, `application`, `waited_ms`, `limit_ms`"},
	{eventRunner, "another runner is at work; nothing waits for it", "`pid`, `application`"},
	{eventPlanned, "the plan of the run (`--verbose`)", "`from`, `to`, `steps`"},
	{eventRunning, "a step is still running", "`revision`, `running_ms`"},
	{eventBlocked, "a step is waiting for a lock", "`revision`, `pid`, `blocker`, `waited_ms`"},
	{eventUndone, "the server lost a committed step in a crash or a failover; it is run again", "`revision`"},
	{eventRetrying, "a step did not get a lock and was rolled back; retrying", "`revision`, `sqlstate`, `reason`, `try`, `pause_ms`"},
	{eventCommitted, "a step is committed; on standard output", "`direction`, `revision`, `message`, `duration_ms`, `pending_on`"},
	{eventRecorded, "`stamp` recorded a step without running it; on standard output", "`direction`, `revision`, `message`, `duration_ms`"},
	{eventIndex, "the progress of an index build", "`revision`, `table`, `index`, `phase`, `done`, `total`, `running_ms`"},
	{eventRepairing, "what an interrupted statement left is removed or finished", "`revision`, `object`, `problem`, `statement`"},
	{eventNotice, "a message of the server; `msg` is its text", "`revision`, `file`, `line`, `severity`, `sqlstate`, `detail`, `hint`"},
	{eventDrifted, "the schema is not what the last run left", "`state`"},
	{eventUncompared, "`check` does not know whether the schema is what the last run left", "`commands`"},
	{eventModified, "an applied revision was modified", "`revision`, `file`, `changes`, `commands`"},
	{eventMoreModified, "more applied revisions were modified", "`commands`"},
	{eventUnfinished, "a revision is unfinished", "`revision`, `commands`"},
	{eventReplaced, "a revision was recorded in the place of those that it replaces; on standard output", "`revision`, `replaced`"},
	{eventMovedAway, "`squash` has moved the files of replaced revisions", "`revision`, `replaced`"},
	{eventData, "rows or the position of a sequence that `squash` has kept or left out", "`name`, `kept`"},
	{eventOmitted, "an effect of replaced revisions that is not part of a schema", "`file`, `line`, `what`"},
	{eventStale, "the files on disk differ from the embedded ones", "`dir`, `difference`, `commands`"},
	{eventNotComparable, "objects that servers of different versions print in different ways", "`objects`, `from_version`, `to_version`"},
	{eventUnused, "a pattern of --ignore matches no object", "`pattern`"},
	{eventGuardOmitted, "`--guard` is set, and a script of `--sql` has none", ""},
	{eventCopied, "`rehearse --data URL` has copied rows", "`copied_from`, `revisions`, `tables`, `rows`"},
	{eventRowsLeft, "what of a table `rehearse --data URL` has not copied", "`table`, `reason`, `rows`, `columns`"},
	{eventSizesLack, "tables that the revisions touch, and whose size `rehearse` does not know", "`tables`, `commands`"},
	{eventRowsSchema, "the schema of the database with the rows is not what its revisions make", "`objects`"},
	{eventNothing, "nothing was changed", ""},
	{eventDestroys, "`revision --autogenerate` wrote a statement that destroys rows or values; `check` requires its acceptance", "`revision`, `kind`, `name`"},
	{eventUsing, "`revision --autogenerate` wrote a conversion that has to be checked", "`revision`, `kind`, `name`"},
	{eventNotSplit, "`revision --autogenerate` wrote one revision that should have been several", "`reason`"},
	{eventUnmarked, "the database cannot be read, so applied revisions are not marked", "`reason`"},
	{eventLargePicture, "the picture of `graph` is larger than Mermaid draws by default", "`links`, `bytes`"},
	{eventEmpty, "`adopt` found an empty database", "`commands`"},
	{eventMoved, "`rebase` changed a revision, which must not be applied anywhere", "`revision`"},
	{eventFileKept, "`init` left a file as it was", "`file`"},
	{eventVersionUnknown, "`init` does not know the version that go.mod should require", ""},
	{eventNext, "what to run next", "`commands`"},
	{eventTargets, "how many targets the command is for", "`targets`"},
	{eventProgress, "how many of the targets have ended", "`done`, `failed`, `waiting`, `targets`"},
	{eventDeferred, "a target did not get a lock in time; it is tried again after the others", "`reason`"},
	{eventWorkerStopped, "the server has no connection for another worker", "`workers`, `error`"},
	{eventSchemaNamed, "`check` found a statement that names a schema, which is the same for all targets", "`revision`, `file`, `line`, `schema`"},
	{eventTargetFailed, "a target failed", "`kind`, `exit`, `revision`, `file`, `line`, `column`, `sqlstate`, `detail`, `hint`, `more`"},
	{eventFinished, "the run succeeded; on standard output", "`from`, `to`, `steps`; of many targets `targets`, `changed`"},
	{eventFailed, "the command failed; the fields are those of `error` in a document", "`kind`, `exit`, `revision`, `file`, `line`, `column`, `sqlstate`, `detail`, `hint`, `problems`, `commands`, `more`"},
}

// record is one entry of the log: lines of text for a person, or a JSON record.
type record struct {
	event eventName
	level slog.Level
	msg   string       // plain words
	text  string       // the lines; "": msg
	run   []suggestion // commands, which text mode shows below the line
	attrs []any
}

// record writes an entry to the log, unless the settings exclude it.
func (r *run) record(rec record) {
	attrs := append(r.origin(rec.event), rec.attrs...)
	text := rec.msg
	if !r.log.JSON() {
		if rec.text != "" {
			text = rec.text
		}
		if o := r.source.Load(); o != nil && o.Target != "" {
			text = terminal.Line(o.Target) + ": " + text
		}
		text = strings.Join(append([]string{text}, r.withNote(r.cmd, rec.run...)...), "\n")
	} else if commands := commandsOf(rec.run); commands != nil {
		attrs = append(attrs, "commands", commands)
	}
	switch rec.level {
	case slog.LevelDebug:
		r.log.Debug(text, attrs...)
	case slog.LevelInfo:
		r.log.Info(text, attrs...)
	default:
		r.log.Log(rec.level, text, attrs...)
	}
}

func (r *run) info(event eventName, msg string, attrs ...any) {
	r.record(record{event: event, msg: msg, attrs: attrs})
}

func (r *run) warn(event eventName, msg string, attrs ...any) {
	r.record(record{event: event, level: slog.LevelWarn, msg: msg, attrs: attrs})
}

// origin returns the attributes that every record has.
func (p *program) origin(event eventName) []any {
	attrs := []any{"event", string(event)}
	if o := p.source.Load(); o != nil {
		attrs = append(attrs, "database", o.Database)
		if o.Target != "" {
			attrs = append(attrs, "target", o.Target)
		}
	}
	return attrs
}

// setOrigin sets what the records are about.
func (p *program) setOrigin(o migrator.Origin) { p.source.Store(&o) }

// result prints a line of the result, or a record with msg.
func (r *run) result(event eventName, line []terminal.Cell, msg string, attrs ...any) {
	switch {
	case r.settings.JSON: // the document has it
	case r.settings.LogFormat == settings.LogJSON:
		r.out.Record(msg, append(r.origin(event), attrs...)...)
	default:
		r.out.PrintLine(line...)
	}
}

func commandsOf(list []suggestion) []string {
	var commands []string
	for _, s := range list {
		if s.command != "" {
			commands = append(commands, s.command)
		}
	}
	return commands
}
