package rehearse

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/text"
)

// Report is what the formats for programs and reviewers write.
type Report struct {
	Findings  []Finding
	Revisions int    // the number of revisions that were rehearsed
	Version   string // of the program
	// Path returns the path of a file relative to the root of the repository, with slashes, so that annotations are shown at
	// the file. Nil: as it is.
	Path func(file string) string
}

// path returns the path of the file of a finding, "" if it has none.
func (r *Report) path(f *Finding) string {
	if f.File == "" || r.Path == nil {
		return f.File
	}
	return r.Path(f.File)
}

// visible returns the findings with what cannot be seen in their texts escaped: names in a database contain anything.
func (r *Report) visible() []Finding {
	found := slices.Clone(r.Findings)
	for i := range found {
		for _, s := range []*string{&found[i].Text, &found[i].Why, &found[i].Safe, &found[i].Object} {
			lines := strings.Split(*s, "\n")
			for n := range lines {
				lines[n] = text.Visible(lines[n])
			}
			*s = strings.Join(lines, "\n")
		}
	}
	return found
}

// open returns the findings that are not accepted, the worst first.
func (r *Report) open() []Finding {
	found := slices.DeleteFunc(r.visible(), func(f Finding) bool { return f.Accepted })
	Sort(found)
	return found
}

// summary is Summary of the findings.
func (r *Report) summary() string { return Summary(r.Findings) }

// Summary returns the number of findings by severity, such as "1 danger, 2 warnings and 3 notes", or "no findings".
func Summary(found []Finding) string {
	counts, accepted := map[Severity]int{}, 0
	for _, f := range found {
		if f.Accepted {
			accepted++
		} else {
			counts[f.Severity]++
		}
	}
	var parts []string
	for _, s := range []Severity{Danger, Warning, Note} {
		if counts[s] > 0 {
			parts = append(parts, text.Count(counts[s], s.String()))
		}
	}
	if accepted > 0 {
		parts = append(parts, strconv.Itoa(accepted)+" accepted")
	}
	if len(parts) == 0 {
		return "no findings"
	}
	return text.List(parts, "and")
}

// GitHub returns the findings as workflow commands of GitHub Actions: one line each, the worst first, which the runner turns
// into annotations of the files. Accepted findings are left out. It is "" if there are none.
func (r *Report) GitHub() string {
	commands := map[Severity]string{Danger: "error", Warning: "warning", Note: "notice"}
	var b strings.Builder
	for _, f := range r.open() {
		var properties []string
		add := func(name, value string) { properties = append(properties, name+"="+escapeProperty(value)) }
		if path := r.path(&f); path != "" {
			add("file", path)
			if f.Line > 0 {
				add("line", strconv.Itoa(f.Line))
				add("col", strconv.Itoa(max(f.Column, 1)))
			}
		}
		add("title", f.title())
		fmt.Fprintf(&b, "::%s %s::%s\n", commands[f.Severity], strings.Join(properties, ","), escapeData(f.message()))
	}
	return b.String()
}

// title returns severity, rule and revision.
func (f *Finding) title() string {
	title := f.Severity.String() + " (" + string(f.Rule) + ")"
	if f.Revision != "" {
		title += " in revision " + f.Revision
	}
	return title
}

// message returns what happens, why it matters and how to write it, each on a line.
func (f *Finding) message() string {
	lines := []string{f.Text}
	if f.Why != "" {
		lines = append(lines, f.Why)
	}
	if f.Safe != "" {
		lines = append(lines, "instead: "+f.Safe)
	}
	return strings.Join(lines, "\n")
}

// escapeData escapes the message of a workflow command, and escapeProperty a property.
func escapeData(s string) string { return dataEscapes.Replace(s) }

func escapeProperty(s string) string { return propertyEscapes.Replace(s) }

var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
