package revision

import (
	"fmt"
	"strings"
)

// The header's keys, in the order in which they are written.
const (
	keyRevision = iota
	keyDownRevision
	keyBranchLabels
	keyDependsOn
	keyCreated
	keyTransaction
	keyLockTimeout
	keyStatementTimeout
)

var keys = [...]string{
	keyRevision:         "revision",
	keyDownRevision:     "down_revision",
	keyBranchLabels:     "branch_labels",
	keyDependsOn:        "depends_on",
	keyCreated:          "created",
	keyTransaction:      "transaction",
	keyLockTimeout:      "lock_timeout",
	keyStatementTimeout: "statement_timeout",
}

// keyNamed finds a key by its exact name, -1 when there is none.
func keyNamed(name string) int {
	for i := range keys {
		if keys[i] == name {
			return i
		}
	}
	return -1
}

// inDown says whether a down file may have the key.
func inDown(key int) bool { return key == keyRevision || key >= keyTransaction }

// header is what the comment lines at the top of a file say, as places in its text.
type header struct {
	end     int    // offset just after the last header line
	message string // its lines joined with \n
	keyed   bool   // there is a part with keys, be it empty
	entries [len(keys)]entry
	// misspelt keys are not called missing on top of that.
	misspelt [len(keys)]bool
}

// entry is one key: value line.
type entry struct {
	there      bool
	name       int // where the key's name begins
	start, end int // the value without the blanks around it
}

// commentLine says whether the line at an offset is a comment, and where its text (the
// rest after the dashes, without the line's end) and the next line are.
func commentLine(text string, at int) (start, end, next int, ok bool) {
	end, next = len(text), len(text)
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		end, next = at+i, at+i+1
	}
	if end > at && text[end-1] == '\r' {
		end--
	}
	start = at
	for start < end && isBlank(text[start]) {
		start++
	}
	if !strings.HasPrefix(text[start:end], "--") {
		return 0, end, next, false
	}
	return start + 2, end, next, true
}

// isBlank takes no other white space: a no-break space in a value is a mistake that
// nobody can see, so it is left in and refused.
func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func trim(text string, start, end int) (int, int) {
	for start < end && isBlank(text[start]) {
		start++
	}
	for start < end && isBlank(text[end-1]) {
		end--
	}
	return start, end
}

// keyValue reads a comment's text as "key: value". Without a colon ok is false.
func keyValue(text string, start, end int) (name string, e entry, ok bool) {
	e.there = true
	e.name, end = trim(text, start, end)
	colon := strings.IndexByte(text[e.name:end], ':')
	if colon < 0 {
		return text[e.name:end], e, false
	}
	_, nameEnd := trim(text, e.name, e.name+colon)
	e.start, e.end = trim(text, e.name+colon+1, end)
	return text[e.name:nameEnd], e, true
}

// parser reads one file.
type parser struct {
	text  string
	down  bool
	found []finding
	header
}

func (p *parser) report(offset int, format string, args ...any) {
	p.found = append(p.found, finding{offset, fmt.Sprintf(format, args...)})
}

// readHeader finds the header's lines and cuts them into message and entries.
func (p *parser) readHeader() {
	first, end, _, ok := commentLine(p.text, bomSize(p.text))
	name, _, colon := "", entry{}, false
	if ok {
		name, _, colon = keyValue(p.text, first, end)
	}
	known := colon && keyNamed(name) >= 0
	p.readLines(known)
	// A typing mistake in the very first key would turn all the keys into a message.
	if colon && !p.keyed && nearest(name, keys[:]) != "" {
		p.found = nil
		p.readLines(true)
	}
}

// readLines goes through the header once; keyed says that it has no message.
func (p *parser) readLines(keyed bool) {
	p.header = header{end: bomSize(p.text)}
	var more []string // the message's lines, once there are two
	for p.end < len(p.text) {
		start, end, next, ok := commentLine(p.text, p.end)
		if !ok {
			break
		}
		first := p.end == bomSize(p.text)
		p.end = next
		if cr := strings.IndexByte(p.text[start:end], '\r'); cr >= 0 {
			p.report(start+cr, "a carriage return without a line feed: PostgreSQL ends a comment here; end the line with LF or CRLF")
		}
		from, to := trim(p.text, start, end)
		switch {
		case keyed:
			p.readEntry(start, end, first)
		case from == to:
			keyed = true
		default:
			// Only the usual blank after the dashes goes: the rest may be a list's indent.
			if isBlank(p.text[start]) {
				start++
			}
			switch line := p.text[start:to]; {
			case p.message == "":
				p.message = line
			case more == nil:
				more = []string{p.message, line}
			default:
				more = append(more, line)
			}
		}
	}
	p.keyed = keyed
	if more != nil {
		p.message = strings.Join(more, "\n")
	}
}

// readEntry reads one line of the part with the keys.
func (p *parser) readEntry(start, end int, first bool) {
	name, e, ok := keyValue(p.text, start, end)
	key := keyNamed(name)
	switch {
	case name == "" && !ok:
		p.report(start-2, `an empty comment line among the keys: remove it (the header ends with the first line that is no comment)`)
	case !ok:
		if word, _, _ := strings.Cut(name, " "); keyNamed(word) >= 0 {
			p.report(e.name, "missing colon after %q: write \"-- %s: …\"", word, word)
			return
		}
		p.report(e.name, `not a "key: value" line: only keys follow the message; put an empty line before a comment of the body`)
	case key < 0:
		p.report(e.name, "%s", unknownKey(name, first))
		if meant := keyNamed(nearest(name, keys[:])); meant >= 0 {
			p.misspelt[meant] = true
		}
	case p.entries[key].there:
		line := lineEnds(p.text[:p.entries[key].name]) + 1
		p.report(e.name, "key %q twice: it is also in line %d; keep one", name, line)
	case p.down && !inDown(key):
		p.report(e.name, "key %q in a down file: it belongs in the up file", name)
	default:
		p.entries[key] = e
	}
}

// unknownKey says what may have been meant; in the very first line, a message perhaps.
func unknownKey(name string, first bool) string {
	text := fmt.Sprintf("unknown key %q", name)
	if word := nearest(name, keys[:]); word != "" {
		text += fmt.Sprintf(": did you mean %q?", word)
	} else {
		text += ": the keys are " + strings.Join(keys[:], ", ")
	}
	if first {
		text += ` (a message is followed by a bare "--" line)`
	}
	return text
}

// findLost reports keys that stand where they are not read: in a message that no bare
// "--" ends, or in comments below the line that ended the header. A message may well
// have a line that looks like a key; it is a lost one only if that key is needed.
func (p *parser) findLost() {
	incomplete := !p.keyed || p.lacks(keyRevision) || p.lacks(keyDownRevision)
	for at := bomSize(p.text); incomplete && at < p.end; {
		start, end, next, _ := commentLine(p.text, at)
		at = next
		key, e := p.lostKey(start, end)
		if key >= 0 && (!p.keyed || p.lacks(key)) {
			p.lose(key, e, `%q is read as a line of the message: put a bare "--" line between the message and the keys`)
		}
	}
	complaint := "%q stands below the header, which ended before it: keys and message are one block of comment lines, remove what is between"
	if p.end == bomSize(p.text) {
		complaint = "%q is not in the header: the header starts in the first line of the file, remove what is above"
	}
	for at := p.end; at < len(p.text); {
		start, end, next, ok := commentLine(p.text, at)
		if from, to := trim(p.text, at, end); !ok && from < to {
			return
		}
		at = next
		if !ok {
			continue
		}
		if key, e := p.lostKey(start, end); key >= 0 {
			p.lose(key, e, complaint)
		}
	}
}

// lacks says whether the file is wrong without the key, and has none.
func (p *parser) lacks(key int) bool {
	return !p.down && key <= keyDownRevision && !p.entries[key].there && !p.misspelt[key]
}

// lostKey recognises a line that would have been a good entry, had it been read, and
// made a difference. A comment such as "-- transaction: see above" stays a comment.
func (p *parser) lostKey(start, end int) (int, entry) {
	name, e, ok := keyValue(p.text, start, end)
	key := keyNamed(name)
	if !ok || key < 0 || p.down && !inDown(key) || p.entries[key].there && !p.isDefault(key, p.entries[key]) {
		return -1, e
	}
	trial := parser{text: p.text, down: p.down}
	trial.entries[key] = e
	trial.readValues(new(Revision), new(Script))
	if len(trial.found) > 0 || p.isDefault(key, e) {
		return -1, e
	}
	return key, e
}

// isDefault says whether an entry says what goes without saying.
func (p *parser) isDefault(key int, e entry) bool { return key == keyTransaction && p.value(e) == "on" }

// lose reports a lost key once; from then on it counts as present, so that it isn't
// called missing too.
func (p *parser) lose(key int, e entry, complaint string) {
	p.entries[key] = e
	p.report(e.name, complaint, keys[key])
}
