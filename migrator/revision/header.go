package revision

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// The header's keys, in the order in which they are written.
const (
	keyRevision = iota
	keyDownRevision
	keyBranchLabels
	keyDependsOn
	keyReplaces
	keyCreated
	keyAccept
	keyTransaction
	keyLockTimeout
	keyStatementTimeout
)

var keys = [...]string{
	keyRevision:         "revision",
	keyDownRevision:     "down_revision",
	keyBranchLabels:     "branch_labels",
	keyDependsOn:        "depends_on",
	keyReplaces:         "replaces",
	keyCreated:          "created",
	keyAccept:           "accept",
	keyTransaction:      "transaction",
	keyLockTimeout:      "lock_timeout",
	keyStatementTimeout: "statement_timeout",
}

// keyNamed returns the key with a name, -1 if there is none.
func keyNamed(name string) int {
	for i := range keys {
		if keys[i] == name {
			return i
		}
	}
	return -1
}

// similarKey returns the key that a mistyped name is most likely meant to be, -1 if there is none. A longer text that only
// contains the name of a key is a sentence.
func similarKey(name string) int {
	key := keyNamed(text.Nearest(name, keys[:]))
	if key >= 0 && len(name) > len(keys[key])+3 {
		return -1
	}
	return key
}

// allowedInDown reports whether a down file may have the key.
func allowedInDown(key int) bool { return key == keyRevision || key >= keyTransaction }

// header is the content of the comment lines at the top of a file, as offsets in its text.
type header struct {
	end      int    // after the last header line
	line     int    // the number of header lines read so far
	message  string // its lines joined with \n
	keyed    bool   // the header has a key part, which may be empty
	entries  [len(keys)]entry
	mistyped [len(keys)]bool // reported as a mistyped key, so not reported as missing
}

// entry is a "key: value" line.
type entry struct {
	present    bool
	name       int // where the key begins
	line       int // its line in the header, from 1
	start, end int // the value, without white space around it
}

// position returns the offset to report for the entry: that of the value, or of the key if the value is empty.
func (e entry) position() int {
	if e.start == e.end {
		return e.name
	}
	return e.start
}

// commentLine returns the part of the line at an offset that follows the dashes, without its line end, and the start of
// the next line. ok reports whether the line is a comment.
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

// isBlank reports whether c is a space or a tab. Other white space is not trimmed: a no-break space in a value is a
// mistake that is hard to see, so it is refused.
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

// keyValue splits text[start:end] at its first colon. Without a colon ok is false.
func keyValue(text string, start, end int) (name string, e entry, ok bool) {
	e.present = true
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

// textStart returns the offset of the first line.
func (p *parser) textStart() int { return sqltext.BOMSize(p.text) }

// readHeader finds the header's lines and splits them into message and entries.
func (p *parser) readHeader() {
	start, end, _, ok := commentLine(p.text, p.textStart())
	name, hasColon := "", false
	if ok {
		name, _, hasColon = keyValue(p.text, start, end)
	}
	p.readLines(hasColon && keyNamed(name) >= 0)
	// If only the first key is mistyped, all keys have been read as a message.
	if hasColon && !p.keyed && similarKey(name) >= 0 {
		p.found = nil
		p.readLines(true)
	}
}

// readLines reads the header. If keyed is true it does not have a message.
func (p *parser) readLines(keyed bool) {
	first := p.textStart()
	p.header = header{end: first}
	var lines []string // of the message, if there are several
	for p.end < len(p.text) {
		at := p.end
		start, end, next, ok := commentLine(p.text, at)
		if !ok {
			break
		}
		p.end = next
		p.line++
		if cr := strings.IndexByte(p.text[start:end], '\r'); cr >= 0 {
			p.report(start+cr, "carriage return without a line feed: PostgreSQL ends the comment here; end lines with LF or CRLF")
		}
		from, to := trim(p.text, start, end)
		if keyed {
			p.readEntry(start, end, at == first)
			continue
		}
		if from == to {
			keyed = true
			continue
		}
		// Only one space after the dashes is removed: more may be the indentation of a list.
		if isBlank(p.text[start]) {
			start++
		}
		switch line := p.text[start:to]; {
		case p.message == "":
			p.message = line
		case lines == nil:
			lines = []string{p.message, line}
		default:
			lines = append(lines, line)
		}
	}
	p.keyed = keyed
	if lines != nil {
		p.message = strings.Join(lines, "\n")
	}
}

// readEntry reads one line of the key part.
func (p *parser) readEntry(start, end int, first bool) {
	name, e, ok := keyValue(p.text, start, end)
	key := keyNamed(name)
	switch {
	case name == "" && !ok:
		p.report(start-2, "empty comment line among the keys: remove it (the header ends with the first line that is not a comment)")
	case !ok:
		if word, _, _ := strings.Cut(name, " "); keyNamed(word) >= 0 {
			p.report(e.name, "missing colon after \"%s\": write \"-- %[1]s: …\"", word)
			return
		}
		p.report(e.name, `not a "key: value" line: only keys can follow the message; put an empty line between the header and a comment of the script`)
	case key < 0:
		p.report(e.name, "%s", unknownKey(name, first))
		if meant := similarKey(name); meant >= 0 {
			p.mistyped[meant] = true
		}
	case p.entries[key].present:
		p.report(e.name, "key %q appears twice: it is also in line %d", name, p.entries[key].line)
	case p.down && !allowedInDown(key):
		p.report(e.name, "key %q is not allowed in a down file: it belongs in the up file", name)
	default:
		e.line = p.line
		p.entries[key] = e
	}
}

// unknownKey returns the problem of a key that does not exist. In the first line it may be meant as a message.
func unknownKey(name string, first bool) string {
	problem := "unknown key " + text.Quote(name)
	if key := similarKey(name); key >= 0 {
		problem += fmt.Sprintf(": did you mean %q?", keys[key])
	} else {
		last := len(keys) - 1
		problem += ": the keys are " + strings.Join(keys[:last], ", ") + " and " + keys[last]
	}
	if first {
		problem += ` (a message must be followed by a bare "--" line)`
	}
	return problem
}
