package report

import (
	"math"
	"strings"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/markup"
	"example.com/ambix/migrator/internal/text"
)

// timeline writes the log as a table, the events of each run together.
func (r *Report) timeline(w *markup.Writer) {
	w.Start("section", markup.Literal("id", "timeline"), markup.Literal("aria-labelledby", "timeline-heading"))
	w.Element("h2", "Timeline", markup.Literal("id", "timeline-heading"))
	w.Element("p", "What was done to the database, newest first, in one group for each run. The length of a bar grows with the logarithm of the duration.", markup.Literal("class", "note"))
	w.Start("div", markup.Literal("class", "scroll"), markup.Literal("tabindex", "0"), markup.Literal("role", "region"), markup.Literal("aria-label", "Table of events"))
	w.Start("table", markup.Literal("class", "timeline"))
	w.Raw(`<thead><tr><th scope="col">Time (UTC)</th><th scope="col">Action</th><th scope="col">Revision</th><th scope="col">Duration</th><th scope="col">Details</th></tr></thead>`)
	known := map[string]bool{}
	for i := range r.Revisions {
		known[r.Revisions[i].ID] = true
	}
	for i := 0; i < len(r.Events); {
		n := 1
		for i+n < len(r.Events) && r.Events[i].Run != "" && r.Events[i+n].Run == r.Events[i].Run {
			n++
		}
		writeRun(w, r.Events[i:i+n], known)
		i += n
	}
	w.End()
	w.End()
	if r.OlderEvents {
		w.Element("p", "Older events are not shown; they are in the log of the database.", markup.Literal("class", "note"))
	}
	w.End()
	w.Newline()
}

// writeRun writes the events of one run.
func writeRun(w *markup.Writer, events []migrator.LogEntry, known map[string]bool) {
	first := &events[0]
	w.Start("tbody")
	w.Start("tr")
	w.Start("th", markup.Literal("colspan", "5"), markup.Literal("scope", "rowgroup"))
	w.Text("by ")
	w.Element("strong", first.AppliedBy)
	w.Text(" from ")
	w.Element("strong", first.AppliedFrom)
	if first.BinaryVersion != "" {
		w.Text(", version " + first.BinaryVersion)
	}
	w.Text(": " + text.Count(len(events), "event"))
	w.End()
	w.End()
	w.Newline()
	for i := range events {
		writeEvent(w, &events[i], known)
	}
	w.End()
	w.Newline()
}

func writeEvent(w *markup.Writer, e *migrator.LogEntry, known map[string]bool) {
	class := "good"
	switch e.Action {
	case migrator.LogFingerprint, migrator.LogFormat:
		class = "plain"
	case migrator.LogDown, migrator.LogStamp, migrator.LogRepair, migrator.LogAdopt:
		class = "careful"
	case migrator.LogFailed, migrator.LogInterrupted:
		class = "bad"
	}
	action := string(e.Action)
	if d := string(e.Direction); d != "" && d != action {
		action += " " + d
	}
	w.Start("tr")
	w.Start("td")
	writeTime(w, e.At)
	w.End()
	w.Start("td")
	w.Element("span", action, markup.Attr("class", "state "+class))
	w.End()
	w.Start("td")
	if e.Revision != "" {
		reference(w, e.Revision, known[e.Revision])
		w.Text(" " + clip(text.Subject(e.Message), messageWidth))
	}
	w.End()
	w.Start("td", markup.Literal("class", "duration"))
	if e.Duration > 0 {
		w.Text(text.Duration(e.Duration))
		bar(w, e.Duration)
	}
	w.End()
	w.Start("td", markup.Literal("class", "detail"))
	w.Text(strings.TrimSpace(e.Detail))
	w.End()
	w.End()
	w.Newline()
}

// bar writes a bar for a duration: 5 pixels for 1 ms, 20 more for each factor of ten.
func bar(w *markup.Writer, d time.Duration) {
	const most = 160
	length := 5 + int(20*math.Log10(max(1, float64(d)/float64(time.Millisecond))))
	w.Start("svg", markup.Literal("class", "bar"), markup.Int("width", most), markup.Literal("height", "8"), markup.Literal("aria-hidden", "true"))
	w.Void("rect", markup.Int("width", min(length, most)), markup.Literal("height", "8"), markup.Literal("rx", "2"))
	w.End()
}

func writeTime(w *markup.Writer, t time.Time) {
	t = t.UTC()
	w.Element("time", t.Format("2006-01-02 15:04:05"), markup.Attr("datetime", t.Format(time.RFC3339)))
}

// reference writes an id, as a link if the page has the revision.
func reference(w *markup.Writer, id string, link bool) {
	if link {
		w.Element("a", id, markup.Anchor(anchor(id)), markup.Literal("class", "id"))
	} else {
		w.Element("span", id, markup.Literal("class", "id"))
	}
}
