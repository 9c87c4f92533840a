package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/report"
)

// graphOptions are the flags of graph.
type graphOptions struct {
	format  string
	span    settings.Text
	out     settings.Text
	offline settings.Switch
}

func (p *program) graph() *cobra.Command {
	o := graphOptions{format: string(report.Mermaid)}
	var formats []string
	for _, f := range report.Formats() {
		formats = append(formats, string(f))
	}
	return p.command(action{
		use: "graph", short: "write the graph of the revisions as Mermaid, DOT or SVG",
		long: `Writes the graph of the revisions as a picture: for Markdown (mermaid), for Graphviz (dot) or
as an image (svg). The newest revisions are on top, and broken lines are dependencies. If a
database is configured and can be reached, the state of each revision is shown. To see
the graph in the terminal, use history --graph.`,
		example: "graph > graph.mmd\ngraph --format svg --out graph.svg\ngraph --format dot | dot -Tpdf > graph.pdf\ngraph -r current:",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, settings.Choice(&o.format, formats...), "format", "", "FORMAT", text.List(formats, "or")+" (default: mermaid)")
			settings.AddFlag(f, &o.span, "rev-range", p.shorthand("range"), "A:B", "only the revisions from A up to B")
			settings.AddFlag(f, &o.out, "out", "", "FILE", "write this file instead of standard output")
			settings.AddFlag(f, &o.offline, "offline", "", "", "show the files only")
		},
		run: func(r *run) error { return r.graph(&o) },
	})
}

func (r *run) graph(options *graphOptions) error {
	span := string(options.span)
	o, err := r.overviewOf(dependsOnState(span), bool(options.offline), (*migrator.Migrator).LedgerStatus)
	if err != nil {
		return err
	}
	g := o.picture()
	if span != "" {
		ids, err := o.Range(span)
		if err != nil {
			return err
		}
		g.Only(ids)
	}
	d := &graphDocument{Format: options.format, Revisions: len(g.Nodes), Links: g.Links(), File: string(options.out)}
	r.document = d
	var size counter
	d.Picture, err = r.output(string(options.out), beginning(report.Format(options.format)), func(w io.Writer) error {
		return g.Write(io.MultiWriter(w, &size), report.Format(options.format))
	})
	if err != nil {
		return err
	}
	if report.Format(options.format) == report.Mermaid && (d.Links > report.MermaidLinks || size > report.MermaidBytes) {
		r.warn(eventLargePicture, fmt.Sprintf("the picture has %s and %d kB: Mermaid draws at most %d and %d kB, unless it is configured otherwise; --format svg has no limit, and -r draws a part",
			text.Count(d.Links, "link"), size/1000, report.MermaidLinks, report.MermaidBytes/1000), "links", d.Links, "bytes", int(size))
	}
	if options.out != "" {
		r.say(string(options.out) + ": " + text.Count(d.Revisions, "revision"))
	}
	return nil
}

// picture returns the graph with what is known of the database.
func (o *overview) picture() *report.Graph {
	var st *migrator.Status
	if o.stateKnown {
		st = o.Status
	}
	return report.NewGraph(o.set, st)
}

// beginning returns how all pictures in a format begin.
func beginning(f report.Format) string {
	switch f {
	case report.SVG:
		return "<svg "
	case report.DOT:
		return "digraph "
	}
	return "flowchart "
}

// counter counts bytes.
type counter int

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
