package revision

import (
	"iter"
	"slices"
	"strings"
	"time"
)

// readValues puts the values of the header's entries where they belong.
func (p *parser) readValues(r *Revision, s *Script) {
	if e := p.entries[keyRevision]; e.there {
		r.ID = p.id(e)
	}
	r.DownRevision = p.list(keyDownRevision, "id")
	r.BranchLabels = p.list(keyBranchLabels, "label")
	r.DependsOn = p.list(keyDependsOn, "id or label")
	if e := p.entries[keyCreated]; e.there {
		t, err := time.Parse(time.RFC3339, p.value(e))
		t = t.UTC()
		if err != nil || t.Year() < 1 || t.Year() > 9999 || t.IsZero() {
			p.bad(keyCreated, "%q is no time: write it as 2021-11-20T19:17:01Z", p.value(e))
		}
		r.Created = t
	}
	if e := p.entries[keyTransaction]; e.there {
		s.Transactional = p.value(e) != "off"
		if v := p.value(e); v != "on" && v != "off" {
			p.bad(keyTransaction, `%q is neither "on" nor "off"`, v)
		}
	}
	s.LockTimeout = p.duration(keyLockTimeout)
	s.StatementTimeout = p.duration(keyStatementTimeout)
}

func (p *parser) value(e entry) string { return p.text[e.start:e.end] }

// bad reports the value of a key, or the key itself when its value is empty.
func (p *parser) bad(key int, format string, args ...any) {
	e := p.entries[key]
	if e.start == e.end {
		p.report(e.name, "key %q has no value", keys[key])
		return
	}
	p.report(e.start, keys[key]+": "+format, args...)
}

// id returns what is written, even when it can be no id: others may refer to it.
func (p *parser) id(e entry) string {
	id := p.value(e)
	if err := CheckID(id); err != nil {
		p.bad(keyRevision, "%s", err)
	}
	return id
}

// word is a place in the text.
type word struct{ start, end int }

// words cuts a value at its commas. An empty value has no words.
func words(text string, e entry) iter.Seq[word] {
	return func(yield func(word) bool) {
		for at := e.start; at <= e.end && e.start < e.end; {
			end := e.end
			if i := strings.IndexByte(text[at:e.end], ','); i >= 0 {
				end = at + i
			}
			from, to := trim(text, at, end)
			if !yield(word{from, to}) {
				return
			}
			at = end + 1
		}
	}
}

// list reads names that are separated by commas.
func (p *parser) list(key int, what string) []string {
	e := p.entries[key]
	if e.start == e.end {
		return nil
	}
	list := make([]string, 0, strings.Count(p.value(e), ",")+1)
	for w := range words(p.text, e) {
		name := p.text[w.start:w.end]
		switch {
		case name == "":
			p.report(w.start, "%s: nothing between two commas, or after the last: remove the comma", keys[key])
			continue
		case slices.Contains(list, name):
			p.report(w.start, "%s: %q twice: remove one", keys[key], name)
			continue
		}
		if err := checkName(what, name); err != nil {
			p.report(w.start, "%s: %s", keys[key], err)
		}
		list = append(list, name)
	}
	return list
}

func (p *parser) duration(key int) *time.Duration {
	e := p.entries[key]
	if !e.there {
		return nil
	}
	d, err := ParseDuration(p.value(e))
	if err != nil {
		p.bad(key, "%s", err)
		return nil
	}
	return &d
}
