package report

import (
	"slices"
	"strings"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/markup"
	"example.com/ambix/migrator/internal/text"
)

// inFull reports which revisions are shown in full: the newest Limit ones, and all that are not simply applied.
func (r *Report) inFull(i int) bool {
	if r.Limit <= 0 || i < r.Limit {
		return true
	}
	v := &r.Revisions[i]
	return v.State != "" && v.State != migrator.Applied || v.Current
}

// InFull returns the number of revisions that are shown in full.
func (r *Report) InFull() int {
	n := 0
	for i := range r.Revisions {
		if r.inFull(i) {
			n++
		}
	}
	return n
}

// pictured returns the graph of the revisions that are shown in full.
func (r *Report) pictured() *Graph {
	if r.Limit <= 0 || len(r.Revisions) <= r.Limit {
		return r.Graph
	}
	var ids []string
	for i := range r.Revisions {
		if r.inFull(i) {
			ids = append(ids, r.Revisions[i].ID)
		}
	}
	g := &Graph{Title: r.Graph.Title, Nodes: slices.Clone(r.Graph.Nodes)}
	g.Only(ids)
	return g
}

// revisions writes all revisions, of which only the headings are visible until they are opened. Those that are not
// shown in full follow in a table.
func (r *Report) revisions(w *markup.Writer) {
	w.Raw(`<section id="revisions" aria-labelledby="revisions-heading"><h2 id="revisions-heading">Revisions</h2>` + "\n")
	w.Raw(`<div class="tools" hidden><label for="filter">Show only</label> <input id="filter" type="search" autocomplete="off" placeholder="id, message, state"> <button type="button" id="open">Open all</button> <button type="button" id="close">Close all</button> <output id="found"></output></div>`)
	w.Newline()
	older := len(r.Revisions) - r.InFull()
	if older > 0 {
		w.Start("p", markup.Literal("class", "note"))
		w.Text("The SQL of " + text.Count(older, "older revision") + " is not shown; it is in the files. ")
		w.Element("a", "They are listed below.", markup.Anchor("older"))
		w.End()
		w.Newline()
	}
	for i := range r.Revisions {
		if r.inFull(i) {
			r.Revisions[i].write(w)
		}
	}
	if older > 0 {
		r.older(w)
	}
	w.Raw("</section>")
	w.Newline()
}

// older writes the revisions that are not shown in full as a table.
func (r *Report) older(w *markup.Writer) {
	w.Raw(`<h3 id="older">Older revisions</h3><div class="scroll" tabindex="0" role="region" aria-label="Table of older revisions"><table><thead><tr><th scope="col">Revision</th><th scope="col">Message</th><th scope="col">State</th><th scope="col">Applied (UTC)</th><th scope="col">File</th></tr></thead><tbody>`)
	w.Newline()
	for i := range r.Revisions {
		if r.inFull(i) {
			continue
		}
		v := &r.Revisions[i]
		w.Start("tr", markup.Attr("id", anchor(v.ID)))
		w.Start("td")
		w.Element("span", v.ID, markup.Literal("class", "id"))
		w.End()
		w.Element("td", v.Message)
		w.Element("td", strings.Join(v.marks(), ", "))
		w.Start("td")
		if v.Status != nil {
			writeTime(w, v.Status.AppliedAt)
		}
		w.End()
		w.Start("td")
		if v.Up != nil {
			w.Element("span", v.Up.File, markup.Literal("class", "file"))
		}
		w.End()
		w.End()
		w.Newline()
	}
	w.Raw(`</tbody></table></div>`)
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
