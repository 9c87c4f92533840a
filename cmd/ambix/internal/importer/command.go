package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/revision"
)

// usageError is a mistake on the command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// Kind returns the kind of error that the program reports with exit code 2.
func (e *usageError) Kind() migrator.Kind { return "usage" }

// failure is the reason why nothing was written.
type failure struct {
	tool string
	err  error
}

func (e *failure) Error() string { return "import " + e.tool + ": " + visible(e.err.Error()) }

func (e *failure) Unwrap() error { return e.err }

// Kind hides the kinds of the errors inside: whatever they are, the program reports exit code 1, but for files that cannot be
// written.
func (e *failure) Kind() migrator.Kind {
	if _, ok := errors.AsType[*revision.WriteError](e.err); ok {
		return migrator.KindWrite
	}
	return "other"
}

// outputError reports that standard output cannot be written.
type outputError struct{ err error }

func (e *outputError) Error() string {
	err := e.err
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err // its name is not the one of the file
	}
	return "standard output cannot be written: " + err.Error() + "; nothing else failed"
}

func (e *outputError) Unwrap() error { return e.err }

// Kind returns the kind of error that the program reports with exit code 8.
func (e *outputError) Kind() migrator.Kind { return migrator.KindWrite }

const help = `Converts another tool's migrations into revision files. FROM is the tool, DIR the folder
with its files, and OUT the folder for the revisions and for adopt.json, the map with which
adopt takes over the databases. Either all files are written or none, and no existing file
is overwritten. What a person has to decide is listed.

Tools, and what DIR is:
`

// Command returns the command import.
func Command() *cobra.Command {
	var c command
	cmd := &cobra.Command{
		Use:   "import FROM DIR OUT",
		Short: "convert another tool's migrations into revisions",
		Long:  help + strings.TrimSuffix(list("  "), "\n"),
		Example: "import goose migrations sql\nimport --config db/tern.conf -D owner=shop tern db sql\n" +
			"import --list",
		SilenceUsage: true, DisableFlagsInUseLine: true,
		ValidArgsFunction: complete,
		Args:              cobra.ArbitraryArgs, // checked in run, where --list is known
		RunE:              c.run,
	}
	f := cmd.Flags()
	f.StringArrayVarP(&c.data, "data", "D", nil, "a value that the tool takes from elsewhere: `KEY=VALUE`")
	f.StringVar(&c.config, "config", "", "the tool's configuration `FILE`, if it is not in DIR")
	f.BoolVar(&c.list, "list", false, "list the tools and what is read from their projects")
	f.BoolVar(&c.json, "json", false, "write the result as a JSON document")
	return cmd
}

// command is the flags of an import.
type command struct {
	data       []string
	config     string
	list, json bool
}

func (c *command) run(cmd *cobra.Command, args []string) error {
	out := cmd.OutOrStdout()
	if c.list {
		return printText(out, list(""))
	}
	d, err := c.imported(args)
	switch {
	case !c.json && err == nil:
		err = printText(out, d.report())
	case c.json && err == nil:
		err = writeJSON(out, d)
	case c.json:
		failed := map[string]any{"message": err.Error(), "kind": "other", "exit": 1}
		if _, ok := errors.AsType[*usageError](err); ok {
			failed["kind"], failed["exit"] = "usage", 2
		}
		if _, ok := errors.AsType[*revision.WriteError](err); ok {
			failed["kind"], failed["exit"] = migrator.KindWrite, 8
		}
		_ = writeJSON(out, map[string]any{"error": failed})
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return fmt.Errorf("%w\nfor help, run: %s --help", err, cmd.CommandPath())
	}
	return err
}

func printText(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return &outputError{err}
	}
	return nil
}

func writeJSON(w io.Writer, document any) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document); err != nil {
		return err
	}
	return printText(w, b.String())
}

// imported imports a project and returns what was written.
func (c *command) imported(args []string) (*document, error) {
	if len(args) != 3 {
		return nil, &usageError{fmt.Sprintf("import takes FROM, DIR and OUT, not %q", args)}
	}
	t, err := find(args[0])
	if err != nil {
		return nil, err
	}
	src := source{dir: args[1], config: c.config, data: map[string]string{}}
	for _, word := range c.data {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			return nil, &usageError{"invalid -D: must be KEY=VALUE"}
		}
		src.data[key] = value
	}
	if err := t.check(src); err != nil {
		return nil, err
	}
	p, err := t.read(src)
	if err != nil {
		return nil, &failure{t.name, err}
	}
	d, err := p.write(t, args[2])
	if err != nil {
		return nil, &failure{t.name, err}
	}
	return d, nil
}

// list returns a line for each tool.
func list(indent string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, t := range tools {
		fmt.Fprintf(w, "%s%s\t%s\n", indent, t.name, t.reads)
		if t.config != "" {
			fmt.Fprintf(w, "%s\t--config: %s\n", indent, t.config)
		}
		if t.data != "" {
			fmt.Fprintf(w, "%s\t-D: %s\n", indent, t.data)
		}
	}
	_ = w.Flush() // to memory
	return b.String()
}

func complete(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		var words []cobra.Completion
		for _, t := range tools {
			words = append(words, cobra.CompletionWithDesc(t.name, t.reads))
		}
		return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	case 1, 2:
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}
