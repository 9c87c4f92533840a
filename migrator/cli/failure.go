package cli

import (
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

// failure is the error that a command returns. Its text is all that a person needs to read;
// the command does not print it.
type failure struct {
	err      error
	text     string
	more     string // what the text adds to the document's message
	document *errorDocument
}

// Error returns the text with what cannot be seen escaped, because cobra prints it in the tree
// of another program.
func (f *failure) Error() string { return terminal.Lines(f.text) }

func (f *failure) Unwrap() error { return f.err }

// fail returns err as a failure with advice, and prints the document of --json: d with the
// error in it, or the error alone. after is what was committed and what to run next; its
// commands are omitted if the error has its own.
func (p *program) fail(cmd *cobra.Command, err error, d any, after advice) error {
	if err == nil || is[*failure](err) {
		return err
	}
	a := adviser{p, cmd}
	suggestions := a.advice(err).suggestions
	if len(suggestions) == 0 {
		suggestions = after.suggestions
	}
	suggestions = onceEach(suggestions)
	f := &failure{err: err, document: newErrorDocument(err, a.message(err, false))}
	f.document.Commands = commandsOf(suggestions)
	if e, ok := errors.AsType[*migrator.RevisionError](err); ok {
		f.more = excerpt(e)
	}
	if e, ok := errors.AsType[*migrator.SchemaFileError](err); ok {
		f.more = e.Excerpt()
	}
	if after.text != "" {
		f.more += after.text + "\n"
	}
	f.more = strings.TrimRight(f.more, "\n")
	lines := []string{a.message(err, p.addressShown), f.more}
	if !isHelpOnly(suggestions) {
		lines = append(lines, p.omittedNote(cmd, suggestions))
	}
	for _, s := range suggestions {
		lines = append(lines, s.String())
	}
	f.text = strings.Join(slices.DeleteFunc(lines, func(s string) bool { return s == "" }), "\n")
	if p.settings.JSON {
		switch document := d.(type) {
		case *moveDocument:
			document.Error = f.document
		case *checkDocument, *currentDocument, *diffDocument, *rehearsalDocument: // the findings are the document
		case *fleetDocument:
			document.Error = f.document
		case *startedLog:
			document.Error = f.document
			document.end()
			return f
		default:
			d = &failedDocument{f.document}
		}
		p.newOutput(cmd.OutOrStdout()).JSON(d)
	}
	return f
}

// isHelpOnly reports whether suggestions need no flag of the running command.
func isHelpOnly(list []suggestion) bool {
	return !slices.ContainsFunc(list, func(s suggestion) bool { return s.command != "" && !strings.HasSuffix(s.command, " --help") })
}

// printError prints the error of a command for Main.
func (p *program) printError(w *os.File, err error) {
	switch {
	case err == nil:
	case p.settings.LogFormat == settings.LogJSON:
		p.logError(p.newLogger(w), err)
	case is[*migrator.RevisionError](err) && !is[*migrator.DraftError](err), is[*migrator.SchemaFileError](err), hasPositions(err):
		// The text begins with a position, which editors recognize at the start of a line.
		p.newOutput(w).PrintError("", err.Error())
	default:
		p.newOutput(w).PrintError("error: ", text.Error(err))
	}
}

// hasPositions reports whether an error is a list of problems in files.
func hasPositions(err error) bool {
	e, ok := errors.AsType[*migrator.FilesError](err)
	return ok && len(e.Problems) > 0
}

// logError writes err as a JSON record.
func (p *program) logError(log *terminal.Logger, err error) {
	f, ok := errors.AsType[*failure](err)
	if !ok {
		f = &failure{err: err, document: newErrorDocument(err, text.Error(err))}
	}
	attrs := append(p.origin(eventFailed), f.document.attrs()...)
	msg, more, _ := strings.Cut(f.document.Message, "\n")
	if more = strings.Trim(more+"\n"+f.more, "\n"); more != "" {
		attrs = append(attrs, "more", more)
	}
	if len(f.document.Commands) > 0 {
		attrs = append(attrs, "commands", f.document.Commands)
	}
	log.Log(slog.LevelError, msg, attrs...)
}

// attrs returns the fields of a record about the error.
func (d *errorDocument) attrs() []any {
	attrs := []any{"kind", d.Kind, "exit", d.Exit}
	for _, a := range []struct{ name, value string }{
		{"revision", d.Revision}, {"file", d.File}, {"sqlstate", d.SQLState}, {"detail", d.Detail}, {"hint", d.Hint},
	} {
		if a.value != "" {
			attrs = append(attrs, a.name, a.value)
		}
	}
	if d.Line > 0 {
		attrs = append(attrs, "line", d.Line, "column", d.Column)
	}
	if len(d.Problems) > 0 {
		attrs = append(attrs, "problems", d.Problems)
	}
	return attrs
}

func newErrorDocument(err error, message string) *errorDocument {
	d := &errorDocument{Message: message}
	kind, exit := classify(err)
	d.Kind, d.Exit = string(kind), exit
	if se, ok := errors.AsType[*pgconn.PgError](err); ok {
		d.SQLState, d.Detail, d.Hint = se.Code, se.Detail, se.Hint
	}
	if e, ok := errors.AsType[*migrator.RevisionError](err); ok {
		d.Revision, d.File, d.Line, d.Column, d.SQLState = e.Revision, e.File, e.Line, e.Column, e.SQLState
		if e.Hint != "" {
			d.Hint = e.Hint
		}
	}
	if e, ok := errors.AsType[*migrator.GuardError](err); ok {
		d.Guard = &guardDocument{Table: e.Table, Does: "scans", Before: e.Before, SizeBytes: e.Size, LimitBytes: e.Limit}
		if e.Rewrites {
			d.Guard.Does = "rewrites"
		}
	}
	if e, ok := errors.AsType[*migrator.SchemaFileError](err); ok {
		d.File, d.Line, d.Column, d.SQLState = e.File, e.Line, e.Column, e.SQLState
	}
	if e, ok := errors.AsType[*migrator.InterruptedError](err); ok {
		d.Revision = e.Revision
	}
	if e, ok := errors.AsType[*migrator.UnknownOutcomeError](err); ok {
		d.Revision = e.Revision
	}
	if e, ok := errors.AsType[*migrator.RefusedError](err); ok {
		d.Revision, d.File, d.Line = e.Revision, e.File, e.Line
	}
	if e, ok := errors.AsType[*migrator.TargetError](err); ok {
		d.Choices = e.Choices
	}
	if e, ok := errors.AsType[*migrator.FilesError](err); ok && len(e.Problems) > 0 {
		for _, p := range e.Problems {
			d.Problems = append(d.Problems, problemDocument{p.File, p.Line, p.Column, p.Text})
		}
		d.File, d.Line, d.Column = e.Problems[0].File, e.Problems[0].Line, e.Problems[0].Column
	}
	return d
}

// fileError is a file or folder that cannot be read.
type fileError struct{ err error }

func (e *fileError) Error() string { return e.err.Error() }

func (e *fileError) Unwrap() error { return e.err }
