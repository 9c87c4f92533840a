package cli

import (
	"errors"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/apply"
)

// failure is an error with everything that a person should read about it. Whoever
// executes the command prints it; the command itself never does.
type failure struct {
	err  error
	text string
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.err }

// failed completes an error, and prints the document that --json promised.
func (p *program) failed(cmd *cobra.Command, err error, d any, kept string) error {
	if err == nil || is[*failure](err) {
		return err
	}
	text := message(err)
	if e, ok := errors.AsType[*apply.RevisionError](err); ok {
		text += "\n" + e.Excerpt()
	}
	if kept != "" {
		text = strings.TrimRight(text, "\n") + "\n" + kept
	}
	if p.settings.JSON {
		e := newErrorDocument(err)
		switch document := d.(type) {
		case *moveDocument:
			document.Error = e
		case *checkDocument, *currentDocument: // what was found is the document
		default:
			d = &failedDocument{e}
		}
		p.newOutput(cmd.OutOrStdout()).JSON(d)
	}
	return &failure{err, strings.TrimRight(text, "\n")}
}

// tell prints an error for Main.
func (p *program) tell(w *os.File, err error) {
	switch {
	case err == nil:
	case p.settings.LogFormat == settings.LogJSON:
		logError(p.newLogger(w), err)
	case is[*migrator.RevisionError](err), is[migrator.Problems](err):
		// Begins with a place, which editors and terminals lead to.
		_, _ = w.WriteString(err.Error() + "\n")
	default:
		_, _ = w.WriteString("error: " + err.Error() + "\n")
	}
}

// command is what was typed, to be shown as what to type again. A URL is left out: it
// may hold a password.
func (r *run) command() string { return r.commandTo(r.cmd.CommandPath(), r.args) }

// commandTo is the same command with other words in front of the flags; another command
// does not have this one's own flags.
func (r *run) commandTo(path string, args []string) string {
	words := []string{path}
	for _, a := range args {
		words = append(words, terminal.Quote(a))
	}
	r.cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case settings.Group(f) == "" && path != r.cmd.CommandPath() || f.Hidden || !settings.Known(f) || f.Name == "database-url":
		case f.Value.Type() == "bool" && f.Value.String() == "true":
			words = append(words, "--"+f.Name)
		default:
			words = append(words, "--"+f.Name+"="+terminal.Quote(f.Value.String()))
		}
	})
	return strings.Join(words, " ")
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
