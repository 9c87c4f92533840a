package revision

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Rewrite gives one header key of a revision's file a new value, "" for none. Every
// other byte stays what it is, and the file is replaced at one stroke: whoever reads it
// sees the old text or the new one. A key that the header lacks is added at its end.
//
// A file with problems, or one that would have some afterwards, stays as it is; the
// error is then of type Problems. So does one that was changed since it was read here.
func SetKey(file, key, value string) error {
	// A rename would put a file in the place of a link.
	target, err := filepath.EvalSymlinks(file)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(target)
	if err != nil {
		return err
	}
	text, err := withKey(Source{file, string(old)}, key, value)
	if err != nil || text == string(old) {
		return err
	}
	info, err := os.Stat(target)
	if err != nil {
		return err
	}
	hidden := hiddenName(target)
	if err := writeFile(hidden, text, info.Mode().Perm()); err != nil {
		return renamed(err, file)
	}
	defer os.Remove(hidden) // gone already when all went well
	if err := os.Chmod(hidden, info.Mode().Perm()); err != nil {
		return renamed(err, file)
	}
	if now, err := os.ReadFile(target); err != nil || string(now) != string(old) {
		return fmt.Errorf("%s: somebody else changed the file at this moment; nothing was written, run the command again", file)
	}
	if err := os.Rename(hidden, target); err != nil {
		return err
	}
	syncFolders([]string{target})
	return nil
}

// withKey is the text of a file with another value for a key.
func withKey(src Source, key, value string) (string, error) {
	if err := checkOne(src); err != nil {
		return "", err
	}
	k := keyNamed(key)
	if k < 0 {
		return "", fmt.Errorf("%s", unknownKey(key, false))
	}
	if strings.ContainsAny(value, "\r\n") {
		return "", fmt.Errorf("%s: the value %q has more than one line", key, value)
	}
	p := parser{text: src.Text}
	p.readHeader()
	changed := p.insert(k, value)
	if e := p.entries[k]; e.there {
		changed = p.replace(e, value)
	}
	return changed, checkOne(Source{src.File, changed})
}

// checkOne parses a file alone.
func checkOne(src Source) error {
	if strings.HasSuffix(src.File, downSuffix) {
		return new(Revision).parseDown(src).Err()
	}
	_, problems := parseUp(src)
	return problems.Err()
}

func (p *parser) replace(e entry, value string) string {
	start := e.start
	switch {
	case value == "":
		start = e.name + strings.IndexByte(p.text[e.name:], ':') + 1
	case e.start == e.end:
		value = " " + value
	}
	return p.text[:start] + value + p.text[e.end:]
}

// insert adds a key behind the last line of the header, with that line's own end.
func (p *parser) insert(key int, value string) string {
	before, eol := p.text[:p.end], "\n"
	if strings.HasSuffix(before, "\r\n") {
		eol = "\r\n"
	}
	if p.end > bomSize(p.text) && !strings.HasSuffix(before, "\n") {
		before += eol
	}
	if !p.keyed && p.message != "" {
		before += "--" + eol
	}
	return before + strings.TrimRight("-- "+keys[key]+": "+value, " ") + eol + p.text[p.end:]
}
