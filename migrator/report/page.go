package report

import (
	"cmp"
	"io"
	"strconv"
	"strings"
	"time"

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
	w.Element("p", "The newest revisions are on top. Lines lead down to what a revision builds on, broken lines to what it depends on.", markup.Literal("class", "note"))
	w.Raw(`<div class="scroll picture" tabindex="0" role="region" aria-label="Picture of the graph">`)
	p := newImage(r.Graph)
	p.start(w)
	p.write(w, true)
	w.End()
	w.Raw(`</div></section>`)
	w.Newline()
}

// revisions writes all revisions, of which only the headings are visible until they are opened.
func (r *Report) revisions(w *markup.Writer) {
	w.Raw(`<section id="revisions" aria-labelledby="revisions-heading"><h2 id="revisions-heading">Revisions</h2>` + "\n")
	w.Raw(`<div class="tools" hidden><label for="filter">Show only</label> <input id="filter" type="search" autocomplete="off" placeholder="id, message, state"> <button type="button" id="open">Open all</button> <button type="button" id="close">Close all</button> <output id="found"></output></div>`)
	w.Newline()
	for i := range r.Revisions {
		r.Revisions[i].write(w)
	}
	w.Raw("</section>")
	w.Newline()
}

func (v *Revision) write(w *markup.Writer) {
	w.Start("details", markup.Attr("id", anchor(v.ID)))
	w.Start("summary")
	w.Element("span", v.ID, markup.Literal("class", "id"))
	w.Text(" " + v.Message + " ")
	for _, mark := range v.marks() {
		w.Element("span", mark, markup.Attr("class", "state "+markClass(mark)))
		w.Text(" ")
	}
	if s := v.Status; s != nil && s.State != migrator.Unfinished {
		w.Start("span", markup.Literal("class", "note"))
		writeTime(w, s.AppliedAt)
		w.End()
	}
	w.End()
	w.Newline()
	if _, more, ok := strings.Cut(v.FullMessage, "\n"); ok {
		w.Element("p", more, markup.Literal("class", "message"))
	}
	w.Start("dl", markup.Literal("class", "facts"))
	v.facts(w)
	w.End()
	w.Newline()
	if v.Up != nil {
		script(w, "Up", v.Up)
		switch {
		case v.Down != nil:
			script(w, "Down", v.Down)
		case v.Irreversible:
			w.Element("p", "There is no down script: the revision is irreversible.", markup.Literal("class", "note"))
		}
	}
	w.End()
	w.Newline()
}

// facts writes what is known of a revision besides its scripts.
func (v *Revision) facts(w *markup.Writer) {
	ids := func(title string, list []string, none string) {
		if len(list) == 0 && none == "" {
			return
		}
		w.Element("dt", title)
		w.Start("dd")
		for i, id := range list {
			if i > 0 {
				w.Text(", ")
			}
			reference(w, id, true)
		}
		if len(list) == 0 {
			w.Text(none)
		}
		w.End()
	}
	fact := func(title, value string) {
		if value != "" {
			w.Element("dt", title)
			w.Element("dd", value)
		}
	}
	ids("down revision", v.DownRevision, "base")
	ids("depends on", v.DependsOn, "")
	fact("labels", strings.Join(v.BranchLabels, ", "))
	if !v.Created.IsZero() {
		fact("created", v.Created.UTC().Format(time.DateTime)+" UTC")
	}
	if s := v.Status; s != nil {
		applied := s.AppliedAt.UTC().Format(time.DateTime) + " UTC by " + s.AppliedBy + " from " + s.AppliedFrom
		if s.BinaryVersion != "" {
			applied += ", version " + s.BinaryVersion
		}
		if s.State == migrator.Unfinished {
			fact("started", applied)
		} else {
			fact("applied", applied+", in "+text.Duration(s.Duration))
		}
		fact("modified", strings.Join(s.Changes, ", "))
	}
	if v.Up == nil {
		reversible := "The revision is only in the ledger of the database, with its down script."
		if v.Irreversible {
			reversible = "The revision is only in the ledger of the database, and irreversible."
		}
		fact("files", reversible)
	}
}

// markClass returns the color of a mark.
func markClass(mark string) string {
	switch mark {
	case "current":
		return "good"
	case "pending", "unknown", "replaced", "out of order":
		return "careful"
	case "modified", "unfinished":
		return "bad"
	}
	return "plain"
}
