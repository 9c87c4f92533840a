package importer

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// sqitchPlan is the file sqitch.plan.
type sqitchPlan struct {
	project, uri string
	changes      []sqitchChange
	tags         map[string]int // the index of the change with the tag
}

var (
	sqitchPragma = regexp.MustCompile(`^\s*%\s*([\w-]+)\s*(?:=\s*(.*?))?\s*$`)
	sqitchTag    = regexp.MustCompile(`^\s*@(\S+)\s+\S+Z\s+[^<]+<[^>]+>\s*$`)
	sqitchLine   = regexp.MustCompile(`^\s*([+-]?)\s*([^\s@:#\\\[\]]+)\s*(?:\[([^\]]+)\])?\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\s+([^<]*\S)\s+<([^>]+)>\s*$`)
	sqitchNote   = regexp.MustCompile(`\s*#\s*(.*)$`)
)

// readSqitchPlan reads a plan and computes the ids of its changes.
func readSqitchPlan(file string) (*sqitchPlan, error) {
	text, err := readText(file)
	if err != nil {
		return nil, err
	}
	p, bad := &sqitchPlan{tags: map[string]int{}}, problems{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if problem := p.read(strings.TrimRight(line, "\r\n"), n); problem != "" {
			bad.addf("%s:%d: %s", file, n, problem)
		}
	}
	if p.project == "" && len(bad) == 0 {
		return nil, errors.New(file + ": the pragma %project is missing")
	}
	p.nameScripts()
	p.identify()
	return p, bad.err()
}

func (p *sqitchPlan) read(line string, n int) (problem string) {
	note := ""
	if at := sqitchNote.FindStringSubmatchIndex(line); at != nil {
		note, line = line[at[2]:at[3]], line[:at[0]]
	}
	if strings.TrimSpace(line) == "" {
		return ""
	}
	if parts := sqitchPragma.FindStringSubmatch(line); parts != nil {
		switch parts[1] {
		case "project":
			p.project = parts[2]
		case "uri":
			p.uri = parts[2]
		}
		return ""
	}
	if parts := sqitchTag.FindStringSubmatch(line); parts != nil {
		if len(p.changes) == 0 {
			return "the tag @" + parts[1] + " is not after a change"
		}
		if _, ok := p.tags[parts[1]]; ok {
			return "duplicate tag @" + parts[1]
		}
		last := &p.changes[len(p.changes)-1]
		last.tags = append(last.tags, parts[1])
		p.tags[parts[1]] = len(p.changes) - 1
		return ""
	}
	parts := sqitchLine.FindStringSubmatch(line)
	if parts == nil {
		return "neither a change nor a tag: " + line
	}
	if parts[1] == "-" {
		return "a line that reverts a change is not supported"
	}
	return p.add(parts, strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\\`, `\`).Replace(strings.TrimSpace(note)), n)
}

func (p *sqitchPlan) add(parts []string, note string, n int) (problem string) {
	c := sqitchChange{name: parts[2], note: note, planner: parts[5] + " <" + parts[6] + ">", line: n}
	for i, other := range slices.Backward(p.changes) {
		if len(other.tags) > 0 {
			break
		}
		if other.name == c.name {
			return fmt.Sprintf("duplicate change %s; the first is in line %d", c.name, p.changes[i].line)
		}
	}
	var err error
	if c.date, err = time.Parse(time.RFC3339, parts[4]); err != nil {
		return err.Error()
	}
	for word := range strings.FieldsSeq(parts[3]) {
		word, conflict := strings.CutPrefix(word, "!")
		d := sqitchDependency{text: word}
		rest := word
		if project, after, ok := strings.Cut(word, ":"); ok {
			d.project, rest = project, after
		}
		d.change, d.tag, _ = strings.Cut(rest, "@")
		if conflict {
			c.conflicts = append(c.conflicts, d)
		} else {
			c.requires = append(c.requires, d)
		}
	}
	p.changes = append(p.changes, c)
	return ""
}

// nameScripts finds the reworked changes: those whose name occurs again. Their scripts are
// named with a tag between the two, the nearest ones of the second first.
func (p *sqitchPlan) nameScripts() {
	for i := range p.changes {
		c := &p.changes[i]
		next := slices.IndexFunc(p.changes[i+1:], func(o sqitchChange) bool { return o.name == c.name })
		if next < 0 {
			continue
		}
		for _, between := range slices.Backward(p.changes[i+1 : i+1+next]) {
			c.reworked = append(c.reworked, between.tags...)
		}
		c.reworked = append(c.reworked, c.tags...)
	}
}

// find returns the index of the change that change number before requires.
func (p *sqitchPlan) find(d sqitchDependency, before int) (index int, ok bool) {
	last := before - 1
	if d.tag != "" {
		if last, ok = p.tags[d.tag]; !ok || last >= before {
			return 0, false
		}
		if d.change == "" {
			return last, true
		}
	}
	for i := last; i >= 0; i-- {
		if p.changes[i].name == d.change || p.changes[i].id == d.change {
			return i, true
		}
	}
	return 0, false
}

// identify computes the ids as Sqitch does: the hash of a text with the parent's id in it.
func (p *sqitchPlan) identify() {
	for i := range p.changes {
		c := &p.changes[i]
		lines := []string{"project " + p.project}
		if p.uri != "" {
			lines = append(lines, "uri "+p.uri)
		}
		lines = append(lines, "change "+c.name)
		if i > 0 {
			lines = append(lines, "parent "+p.changes[i-1].id)
		}
		lines = append(lines, "planner "+c.planner, "date "+c.date.Format(time.RFC3339))
		list := func(title, mark string, all []sqitchDependency) {
			if len(all) > 0 {
				lines = append(lines, title)
			}
			for _, d := range all {
				text := d.text
				if d.project == p.project && d.project != "" {
					_, text, _ = strings.Cut(text, ":")
				}
				lines = append(lines, "  "+mark+" "+text)
			}
		}
		list("requires", "+", c.requires)
		list("conflicts", "-", c.conflicts)
		if c.note != "" {
			lines = append(lines, "", c.note)
		}
		text := strings.Join(lines, "\n")
		sum := sha1.Sum(fmt.Appendf(nil, "change %d\x00%s", len(text), text))
		c.id = hex.EncodeToString(sum[:])
	}
}
