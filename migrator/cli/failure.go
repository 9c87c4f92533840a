package cli

import (
	"errors"
	"log/slog"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// failure is the error that a command returns. Its text is all that a person needs to read;
// the command does not print it.
type failure struct {
	err  error
	text string
}

// Error returns the text with what cannot be seen escaped, because cobra prints it in the tree
// of another program.
func (f *failure) Error() string { return terminal.Lines(f.text) }

func (f *failure) Unwrap() error { return f.err }

// fail returns err as a failure with the advice, and prints the document of --json: d with
// the error in it, or the error alone.
func (p *program) fail(cmd *cobra.Command, err error, d any, advice string) error {
	if err == nil || is[*failure](err) {
		return err
	}
	text := message(err)
	if e, ok := errors.AsType[*migrator.RevisionError](err); ok {
		text += "\n" + e.Excerpt() + flagHint(e)
	}
	if advice != "" {
		text = strings.TrimRight(text, "\n") + "\n" + advice
	}
	if p.settings.JSON {
		e := newErrorDocument(err)
		switch document := d.(type) {
		case *moveDocument:
			document.Error = e
		case *checkDocument, *currentDocument: // the findings are the document
		default:
			d = &failedDocument{e}
		}
		p.newOutput(cmd.OutOrStdout()).JSON(d)
	}
	return &failure{err, strings.TrimRight(text, "\n")}
}

// printError prints the error of a command for Main.
func (p *program) printError(w *os.File, err error) {
	switch {
	case err == nil:
	case p.settings.LogFormat == settings.LogJSON:
		logError(p.newLogger(w), err)
	case is[*migrator.RevisionError](err), is[*migrator.FilesError](err):
		// The text begins with a position, which editors recognize at the start of a line.
		p.newOutput(w).PrintError("", err.Error())
	default:
		p.newOutput(w).PrintError("error: ", err.Error())
	}
}

// logError writes err as a JSON record.
func logError(log *terminal.Logger, err error) {
	d := newErrorDocument(err)
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
	if f, ok := errors.AsType[*failure](err); ok && f.text != d.Message {
		attrs = append(attrs, "more", strings.TrimPrefix(strings.TrimPrefix(f.text, d.Message), "\n"))
	}
	log.Log(slog.LevelError, d.Message, attrs...)
}

func newErrorDocument(err error) *errorDocument {
	if f, ok := errors.AsType[*failure](err); ok {
		err = f.err
	}
	d := &errorDocument{Message: message(err)}
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

// fileError is a file or folder that cannot be read or written.
type fileError struct{ err error }

func (e *fileError) Error() string { return e.err.Error() }

func (e *fileError) Unwrap() error { return e.err }
