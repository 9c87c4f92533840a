package revision

import (
	"iter"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/name"
	"example.com/ambix/migrator/internal/text"
)

// readValues sets the fields of r and s from the header's entries.
func (p *parser) readValues(r *Revision, s *Script) {
	if e := p.entries[keyRevision]; e.present {
		r.ID = p.id(e)
	}
	r.DownRevision = p.list(keyDownRevision, "id")
	r.BranchLabels = p.list(keyBranchLabels, "label")
	r.DependsOn = p.list(keyDependsOn, "id or label")
	r.Replaces = p.replaced()
	if e := p.entries[keyCreated]; e.present {
		t, err := time.Parse(time.RFC3339, p.value(e))
		t = t.UTC()
		if err != nil || t.Year() < 1 || t.Year() > 9999 || t.IsZero() {
			p.reportValue(keyCreated, "%s is not a time: write it as 2021-11-20T19:17:01Z", text.Quote(p.value(e)))
		}
		r.Created = t
	}
	r.Accept = p.acceptances()
	if e := p.entries[keyTransaction]; e.present {
		s.Transactional = p.value(e) != "off"
		if v := p.value(e); v != "on" && v != "off" {
			p.reportValue(keyTransaction, `%s is neither "on" nor "off"`, text.Quote(v))
		}
	}
	s.LockTimeout = p.duration(keyLockTimeout)
	s.StatementTimeout = p.duration(keyStatementTimeout)
}

func (p *parser) value(e entry) string { return p.text[e.start:e.end] }

// reportValue reports a problem of a key's value, or that it is missing.
func (p *parser) reportValue(key int, format string, args ...any) {
	e := p.entries[key]
	if e.start == e.end {
		p.report(e.position(), "key %q has no value", keys[key])
		return
	}
	p.report(e.position(), keys[key]+": "+format, args...)
}

// id returns the id even if it is invalid, because other revisions may refer to it.
func (p *parser) id(e entry) string {
	id := p.value(e)
	if err := CheckID(id); err != nil {
		p.reportValue(keyRevision, "%s", err)
	}
	return id
}

// words yields the start and end offsets of the elements of a list that is separated by commas. An empty value has none.
func (p *parser) words(e entry) iter.Seq2[int, int] { return p.separated(e, ",") }

// separated is words for other separators.
func (p *parser) separated(e entry, separators string) iter.Seq2[int, int] {
	return func(yield func(start, end int) bool) {
		for at := e.start; at <= e.end && e.start < e.end; {
			end := e.end
			if i := indexOutsideQuotes(p.text[at:e.end], separators); i >= 0 {
				end = at + i
			}
			if !yield(trim(p.text, at, end)) {
				return
			}
			at = end + 1
		}
	}
}

// indexOutsideQuotes returns the offset of the first separator that is not in a quoted name, such as those of the accept key.
// Ids and labels have no quotes.
func indexOutsideQuotes(s, separators string) int {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(separators, s[i]) >= 0:
			return i
		}
	}
	return -1
}

// list returns the elements of a list, of which each is, as what says, an id or a label.
func (p *parser) list(key int, what string) []string {
	e := p.entries[key]
	if e.start == e.end {
		return nil
	}
	list := make([]string, 0, strings.Count(p.value(e), ",")+1)
	seen := name.NewSet(cap(list))
	for start, end := range p.words(e) {
		word := p.text[start:end]
		switch {
		case word == "":
			p.report(start, "%s: empty element in the list: remove the comma", keys[key])
			continue
		case !seen.Add(word):
			p.report(start, "%s: %s is listed twice", keys[key], text.Quote(word))
			continue
		}
		if err := checkName(what, word); err != nil {
			p.report(start, "%s: %s", keys[key], err)
		}
		list = append(list, word)
	}
	return list
}

func (p *parser) duration(key int) *time.Duration {
	e := p.entries[key]
	if !e.present {
		return nil
	}
	d, err := ParseDuration(p.value(e))
	if err != nil {
		p.reportValue(key, "%s", err)
		return nil
	}
	return &d
}
