package report

import (
	"cmp"
	"io"
	"strconv"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/markup"
	"example.com/ambix/migrator/internal/text"
)

// WriteHTML writes the report as one HTML file that refers to nothing outside of it. Its policy forbids all
// programs but its own, and every connection.
func (r *Report) WriteHTML(to io.Writer) error {
	w := markup.NewWriter(to)
	w.Raw("<!doctype html>\n")
	w.Start("html", markup.Literal("lang", "en"))
	w.Newline()
	w.Head(r.Title, svgStyle+pageStyle, pageProgram)
	w.Start("body")
	w.Raw(`<a class="skip" href="#main">Skip to the content</a>`)
	w.Newline()
	r.header(w)
	w.Start("main", markup.Literal("id", "main"))
	w.Newline()
	for i := range r.Sections {
		r.Sections[i].write(w, i, r.Graph)
	}
	if pending := r.pending(); len(pending) > 0 {
		writePending(w, pending)
	}
	r.graph(w)
	if len(r.Events) > 0 {
		r.timeline(w)
	}
	r.revisions(w)
	w.End()
	w.Newline()
	w.Start("footer")
	w.Text("Written by " + cmp.Or(r.Program, "ambix"))
	if !r.Written.IsZero() {
		w.Text(" at ")
		writeTime(w, r.Written)
		w.Text(" UTC")
	}
	w.End()
	w.End()
	w.End()
	w.Newline()
	return w.Close()
}

// header writes the title, the state of the database, and the links to the sections.
func (r *Report) header(w *markup.Writer) {
	w.Start("header")
	w.Element("h1", r.Title)
	w.Start("p")
	switch {
	case r.Database != "":
		w.Text(r.Database)
	case r.Unread != "":
		w.Element("strong", "The database was not read: "+r.Unread+".")
		w.Text(" What is applied is not known; the page shows the files.")
	default:
		w.Text("No database was read; the page shows the files.")
	}
	w.End()
	w.Start("dl", markup.Literal("class", "summary"))
	item := func(title, value, class string) {
		w.Start("div", markup.Attr("class", class))
		w.Element("dt", title)
		w.Element("dd", value)
		w.End()
	}
	item("revisions", strconv.Itoa(len(r.Revisions)), "")
	if r.Status != nil {
		for _, s := range []struct {
			state  migrator.RevisionState
			class  string
			always bool
		}{{migrator.Applied, "good", true}, {migrator.Pending, "careful", true}, {migrator.Modified, "bad", false}, {migrator.Unfinished, "bad", false}, {migrator.Unknown, "careful", false}, {migrator.Replaced, "careful", false}} {
			if n := r.count(s.state); n > 0 || s.always {
				class := s.class
				if n == 0 {
					class = ""
				}
				item(StateName(s.state), strconv.Itoa(n), class)
			}
		}
		item("current", cmp.Or(text.List(r.Status.Current, "and"), "base"), "")
		if s := r.Status.Schema; s != nil {
			item("schema", string(s.State), map[migrator.SchemaState]string{migrator.SchemaUnchanged: "good", migrator.SchemaChanged: "bad", migrator.SchemaAccessChanged: "bad"}[s.State])
		}
		if r.Status.Runner != nil {
			item("running now", r.Status.Runner.String(), "careful")
		}
	}
	w.End()
	w.Raw(`<nav aria-label="Sections"><ul>`)
	for i := range r.Sections {
		if r.Sections[i].shown() {
			link(w, "section-"+strconv.Itoa(i), r.Sections[i].Title)
		}
	}
	if len(r.pending()) > 0 {
		link(w, "pending", "Pending")
	}
	link(w, "graph", "Graph")
	if len(r.Events) > 0 {
		link(w, "timeline", "Timeline")
	}
	link(w, "revisions", "Revisions")
	w.Raw(`</ul></nav>`)
	w.End()
	w.Newline()
}

func link(w *markup.Writer, id, name string) {
	w.Start("li")
	w.Element("a", name, markup.Anchor(id))
	w.End()
}

func (s *Section) shown() bool { return len(s.Findings) > 0 || s.Text != "" }

// write writes a section of findings.
func (s *Section) write(w *markup.Writer, index int, g *Graph) {
	if !s.shown() {
		return
	}
	id := "section-" + strconv.Itoa(index)
	w.Start("section", markup.Attr("id", id), markup.Attr("aria-labelledby", id+"-heading"))
	w.Element("h2", s.Title, markup.Attr("id", id+"-heading"))
	if s.Text != "" {
		w.Element("p", s.Text)
	}
	known := map[string]bool{}
	for i := range g.Nodes {
		known[g.Nodes[i].ID] = true
	}
	if len(s.Findings) > 0 {
		w.Start("ul", markup.Literal("class", "findings"))
		for i := range s.Findings {
			s.Findings[i].write(w, known)
		}
		w.End()
	}
	w.End()
	w.Newline()
}

func (f *Finding) write(w *markup.Writer, known map[string]bool) {
	class := map[Severity]string{Danger: "bad", Warning: "careful"}[f.Severity]
	w.Start("li")
	w.Element("span", string(f.Severity), markup.Attr("class", strings.TrimSpace("state "+class)))
	w.Text(" ")
	if f.Revision != "" {
		reference(w, f.Revision, known[f.Revision])
		w.Text(" ")
	}
	w.Text(f.Message)
	if f.File != "" {
		place := f.File
		if f.Line > 0 {
			place += ":" + strconv.Itoa(f.Line)
		}
		w.Element("span", place, markup.Literal("class", "file"))
	}
	if f.Detail != "" {
		w.Element("pre", f.Detail, markup.Literal("tabindex", "0"))
	}
	w.End()
	w.Newline()
}

func writePending(w *markup.Writer, pending []*Revision) {
	w.Raw(`<section id="pending" aria-labelledby="pending-heading"><h2 id="pending-heading">Pending</h2>`)
	w.Element("p", "What an upgrade to all heads applies, in this order.", markup.Literal("class", "note"))
	w.Raw(`<div class="scroll" tabindex="0" role="region" aria-label="Table of pending revisions"><table><thead><tr><th scope="col">Revision</th><th scope="col">Message</th><th scope="col">Script</th></tr></thead><tbody>`)
	for _, p := range pending {
		w.Start("tr")
		w.Start("td")
		reference(w, p.ID, true)
		w.End()
		w.Element("td", p.Message)
		w.Start("td")
		var notes []string
		if p.Up != nil {
			w.Element("span", p.Up.File, markup.Literal("class", "file"))
			notes = append(notes, text.Count(p.Up.StatementCount(), "statement"))
			if !p.Up.Transactional {
				notes = append(notes, "non-transactional")
			}
		}
		if p.OutOfOrder {
			notes = append(notes, "out of order")
		}
		if p.Irreversible {
			notes = append(notes, "irreversible")
		}
		w.Element("span", strings.Join(notes, ", "), markup.Literal("class", "note"))
		w.End()
		w.End()
		w.Newline()
	}
	w.Raw(`</tbody></table></div></section>`)
	w.Newline()
}

func (r *Report) graph(w *markup.Writer) {
	w.Raw(`<section id="graph" aria-labelledby="graph-heading"><h2 id="graph-heading">Graph</h2>`)
	note := "The newest revisions are on top. Lines lead down to what a revision builds on, broken lines to what it depends on."
	g := r.pictured()
	if len(g.Nodes) < len(r.Graph.Nodes) {
		note += " The picture leaves out " + text.Count(len(r.Graph.Nodes)-len(g.Nodes), "older revision") + "."
	}
	w.Element("p", note, markup.Literal("class", "note"))
	w.Raw(`<div class="scroll picture" tabindex="0" role="region" aria-label="Picture of the graph">`)
	p := newImage(g)
	p.start(w)
	p.write(w, true)
	w.End()
	w.Raw(`</div></section>`)
	w.Newline()
}
