package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// report is the result of a run, as printed with -json.
type report struct {
	Rows   []*row    `json:"rows"`
	Growth []*growth `json:"growth,omitempty"`

	PostgreSQL    string             `json:"postgresql"`     // the server's version
	ServerFlushes string             `json:"server_flushes"` // its setting fsync
	Flush         flush              `json:"flush"`
	RoundTrips    map[string]float64 `json:"round_trips"` // measured through the slow networks, in seconds
	Revisions     int                `json:"revisions"`
	Repeat        int                `json:"repeat"`
	Processors    int                `json:"processors"`
	System        string             `json:"system"`
	Go            string             `json:"go"`
	Load          float64            `json:"load"`     // before the run
	Versions      map[string]string  `json:"versions"` // of the tools
	Absent        map[string]string  `json:"absent"`   // tools that could not be measured, with the reason
}

// text returns the table and its conditions as Markdown that is readable in a terminal.
func (r *report) text() string {
	var s string
	if len(r.Rows) > 0 {
		s = r.table() + "\n"
	}
	if len(r.Growth) > 0 {
		s += r.growthTable() + "\n"
	}
	return s + r.conditions()
}

// growthTable returns a line for each command and a column for each number of revisions.
func (r *report) growthTable() string {
	head := []string{"fastest time and peak memory"}
	for _, p := range r.Growth[0].Points {
		head = append(head, thousands(p.Revisions)+" revisions")
	}
	lines := [][]string{head}
	for _, g := range r.Growth {
		line := []string{"`" + g.Command + "`"}
		for _, p := range g.Points {
			cell := quantity(seconds, p.Seconds)
			if p.Bytes > 0 {
				cell += ", " + quantity(memory, float64(p.Bytes))
			}
			line = append(line, cell)
		}
		lines = append(lines, line)
	}
	return aligned(lines)
}

// table returns a line for each row and a column for each tool.
func (r *report) table() string {
	names := []string{ambix}
	for _, name := range append(toolNames(), ownLoop, bare, withoutFingerprint) {
		if name != ambix && slices.ContainsFunc(r.Rows, func(one *row) bool { return one.of(name) != nil }) {
			names = append(names, name)
		}
	}
	lines := [][]string{append([]string{"what", "compared", "met"}, names...)}
	for _, one := range r.Rows {
		line := []string{one.What, one.compared(), one.met()}
		for _, name := range names {
			line = append(line, one.cell(name))
		}
		lines = append(lines, line)
	}
	return aligned(lines)
}

func aligned(lines [][]string) string {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	var s strings.Builder
	for i, line := range lines {
		for k, text := range line {
			s.WriteString("| " + text + strings.Repeat(" ", widths[k]-utf8.RuneCountInString(text)+1))
		}
		s.WriteString("|\n")
		if i == 0 {
			for _, width := range widths {
				s.WriteString("| " + strings.Repeat("-", width) + " ")
			}
			s.WriteString("|\n")
		}
	}
	return s.String()
}

// cell returns the median and, if it differs, the minimum.
func (r *row) cell(tool string) string {
	one := r.of(tool)
	switch {
	case one == nil:
		return ""
	case len(one.Values) == 1 || quantity(r.Unit, one.Median) == quantity(r.Unit, one.Min):
		return quantity(r.Unit, one.Median)
	}
	return quantity(r.Unit, one.Median) + " (" + quantity(r.Unit, one.Min) + ")"
}

// quantity formats a number with a suitable unit.
func quantity(unit string, n float64) string {
	switch {
	case unit == size:
		return fmt.Sprintf("%.2f MB", n/1e6)
	case unit == memory:
		return fmt.Sprintf("%.1f MiB", n/mebibyte)
	case n < 0.01:
		return fmt.Sprintf("%.2f ms", n*1e3)
	case n < 0.1:
		return fmt.Sprintf("%.1f ms", n*1e3)
	}
	return fmt.Sprintf("%.2f s", n)
}

// compared lists the ratios and the promised limits.
func (r *row) compared() string {
	var parts []string
	for _, c := range r.Comparisons {
		text := ""
		switch {
		case c.With == "":
			text = "≤ " + limit(r.Unit, c.Limit)
		case c.Limit == 0:
			text = fmt.Sprintf("%.2f × %s", c.Ratio, c.With)
		default:
			text = fmt.Sprintf("%.2f × %s, ≤ %v", c.Ratio, c.With, c.Limit)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

func limit(unit string, n float64) string {
	switch {
	case unit == size:
		return fmt.Sprintf("%v MB", n/1e6)
	case unit == memory:
		return fmt.Sprintf("%.3g MiB", n/mebibyte)
	}
	return fmt.Sprintf("%v s", n)
}

// met returns "yes" or "no", or "" if nothing was promised.
func (r *row) met() string {
	promised := false
	for _, c := range r.Comparisons {
		if !c.Met {
			return "no"
		}
		promised = promised || c.Limit != 0
	}
	if promised {
		return "yes"
	}
	return ""
}

// conditions describes where and how it was measured.
func (r *report) conditions() string {
	lines := []string{
		fmt.Sprintf("Medians of %d rounds, minima in brackets. PostgreSQL %s (fsync %s) on the same machine: %s, %d processors, load %.1f before.",
			r.Repeat, r.PostgreSQL, r.ServerFlushes, r.System, r.Processors, r.Load),
		fmt.Sprintf("Writing and flushing 8 kB on its disk took %s (%s).", quantity(seconds, r.Flush.Median), quantity(seconds, r.Flush.Min)),
	}
	var trips []string
	for _, name := range slices.Sorted(maps.Keys(r.RoundTrips)) {
		trips = append(trips, fmt.Sprintf("%s for %s", quantity(seconds, r.RoundTrips[name]), name))
	}
	if len(trips) > 0 {
		lines = append(lines, "Measured round trips: "+strings.Join(trips, ", ")+".")
	}
	var versions []string
	for _, name := range toolNames() {
		if v := r.Versions[name]; v != "" {
			versions = append(versions, name+" "+v)
		}
	}
	lines = append(lines, strings.Join(append([]string{r.Go}, versions...), ", ")+".")
	for _, name := range slices.Sorted(maps.Keys(r.Absent)) {
		reason, _, _ := strings.Cut(r.Absent[name], "\n")
		lines = append(lines, "Without "+name+": "+reason+".")
	}
	return strings.Join(lines, "\n") + "\n"
}

// The marks around the table in a document.
const (
	tableBegin = "<!-- generated: scripts/bench --write -->\n"
	tableEnd   = "<!-- end of what is generated -->\n"
)

// writeInto puts the table between the marks of a document.
func (r *report) writeInto(document string) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), tableBegin)
	_, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		return fmt.Errorf("%s lacks the lines %q and %q, between which the table is written", document, strings.TrimSpace(tableBegin), strings.TrimSpace(tableEnd))
	}
	return os.WriteFile(document, []byte(before+tableBegin+"\n"+r.text()+"\n"+tableEnd+after), 0o644)
}
