package revision

import (
	"strings"
	"time"
)

// Format returns the text of the revision's files: the header in its canonical form, then the script as it is. down is "" if
// Down is nil; an empty down script has a header. Parse returns an equal revision, provided that r is valid, which Write
// checks. What Load has left in a file is missing.
func (r *Revision) Format() (up, down string) {
	h := headerWriter{}
	h.message(r.Message)
	h.key(keyRevision, r.ID)
	h.key(keyDownRevision, strings.Join(r.DownRevision, ", "))
	h.key(keyBranchLabels, strings.Join(r.BranchLabels, ", "))
	h.key(keyDependsOn, strings.Join(r.DependsOn, ", "))
	if len(r.Replaces) > 0 {
		h.key(keyReplaces, replacedValue(r.Replaces))
	}
	if !r.Created.IsZero() {
		h.key(keyCreated, r.Created.UTC().Format(time.RFC3339Nano))
	}
	if len(r.Accept) > 0 {
		h.key(keyAccept, acceptValue(r.Accept))
	}
	up = h.finish(r.Up)
	if r.Down == nil {
		return up, ""
	}
	h = headerWriter{}
	h.message(r.Down.message)
	h.key(keyRevision, r.ID)
	return up, h.finish(r.Down)
}

type headerWriter struct{ strings.Builder }

func (h *headerWriter) message(text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		h.WriteString("-- " + line + "\n")
	}
	h.WriteString("--\n")
}

func (h *headerWriter) key(key int, value string) {
	h.WriteString("-- " + keys[key] + ":")
	if value != "" {
		h.WriteString(" " + value)
	}
	h.WriteString("\n")
}

// finish adds the options of a script and its SQL.
func (h *headerWriter) finish(s *Script) string {
	if s == nil {
		return h.String()
	}
	if options := s.Options(); options != "" {
		for line := range strings.SplitSeq(options, "\n") {
			h.WriteString("-- " + line + "\n")
		}
	}
	h.WriteString(s.Text[s.SQLStart:])
	return h.String()
}

// CleanMessage turns what a user has typed into a message that a header can contain: without white space at the ends of
// lines, and without empty lines, because the first one would end the message.
func CleanMessage(s string) string {
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(s, "\r", "\n")) {
		if line = strings.TrimRight(line, " \t\n"); strings.Trim(line, " \t") != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) > 0 {
		lines[0] = strings.TrimLeft(lines[0], " \t")
	}
	return strings.Join(lines, "\n")
}
