package revision

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"example.com/ambix/migrator/internal/text"
)

// SetKey changes the value of a header key in a revision file; "" means none. All other bytes stay as they are. A key that
// the header does not have is added at its end. The file is replaced atomically.
//
// The file is not changed if it has problems or would have some afterwards, in which case the error is of type Problems, or
// if another process changes it at the same time. It is of type *WriteError if it cannot be written.
func SetKey(file, key, value string) error { return disk{}.setKey(file, key, value) }

func (d disk) setKey(file, key, value string) error {
	// The file is replaced with a rename, which would replace a symbolic link and not its target.
	target, err := filepath.EvalSymlinks(file)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(target)
	if err != nil {
		return err
	}
	changed, err := withKey(Source{file, string(old)}, key, value)
	if err != nil || changed == string(old) {
		return err
	}
	info, err := os.Stat(target)
	if err != nil {
		return err
	}
	temp := tempName(target)
	if err := d.create(temp, changed, info.Mode().Perm()); err != nil {
		return NewWriteError(file, err)
	}
	err = os.Chmod(temp, info.Mode().Perm()) // which the umask may have reduced
	if err == nil {
		if now, err := os.ReadFile(target); err != nil || string(now) != string(old) {
			return d.removeAll([]string{temp}).addTo(&MovedError{file})
		}
		err = d.rename(temp, target)
	}
	if err != nil {
		return d.removeAll([]string{temp}).addTo(NewWriteError(file, err))
	}
	syncFolders([]string{target})
	return nil
}

// withKey returns the text of a file with another value for a key.
func withKey(src Source, key, value string) (string, error) {
	if err := checkSource(src); err != nil {
		return "", err
	}
	k := keyNamed(key)
	if k < 0 {
		return "", errors.New(unknownKey(key, false))
	}
	if strings.ContainsAny(value, "\r\n") {
		return "", fmt.Errorf("%s: %s has more than one line", text.Visible(key), text.Quote(value))
	}
	p := parser{text: src.Text}
	p.readHeader()
	changed := p.insert(k, value)
	if e := p.entries[k]; e.present {
		changed = p.replace(e, value)
	}
	return changed, checkSource(Source{src.File, changed})
}

// checkSource returns the problems of a single file.
func checkSource(src Source) error {
	if strings.HasSuffix(src.File, downSuffix) {
		return new(Revision).parseDown(src).Err()
	}
	_, problems := parseUp(src)
	return problems.Err()
}

// replace changes the value of an entry.
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

// insert adds a key after the last line of the header, with the line end of that line.
func (p *parser) insert(key int, value string) string {
	before, eol := p.text[:p.end], "\n"
	if strings.HasSuffix(before, "\r\n") {
		eol = "\r\n"
	}
	if p.end > p.textStart() && !strings.HasSuffix(before, "\n") {
		before += eol
	}
	if !p.keyed && p.message != "" {
		before += "--" + eol
	}
	return before + strings.TrimRight("-- "+keys[key]+": "+value, " ") + eol + p.text[p.end:]
}
