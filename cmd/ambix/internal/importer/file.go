package importer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// readText returns the text of a file without a byte order mark. Files that PostgreSQL would not
// read as they were meant are refused: other encodings and NUL.
func readText(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", unreadable(file, err)
	}
	text := string(data)
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return "", fmt.Errorf("%s:1: the file is UTF-16: convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8", file)
	}
	text = strings.TrimPrefix(text, "\ufeff")
	if i := strings.IndexByte(text, 0); i >= 0 {
		return "", fmt.Errorf("%s: the file contains a NUL character: is it UTF-16, or not text?", at(file, text, i))
	}
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			return "", fmt.Errorf("%s: the byte 0x%x is not UTF-8: convert the file, for example with iconv -f LATIN1 -t UTF-8", at(file, text, i), text[i])
		}
	}
	return text, nil
}

// unreadable returns the error of the system about a file or folder as a sentence.
func unreadable(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New(name + " does not exist")
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return fmt.Errorf("%s cannot be read: %w", name, err)
}

// entry is a file or a folder in a folder, links followed.
type entry struct {
	name, path string
	isDir      bool
}

// listDir returns the entries of a folder by name, without hidden ones.
func listDir(dir string) ([]entry, error) {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil, unreadable(dir, err)
	}
	var entries []entry
	for _, f := range found {
		if strings.HasPrefix(f.Name(), ".") {
			continue
		}
		path := filepath.Join(dir, f.Name())
		info, err := os.Stat(path)
		if err != nil {
			return nil, unreadable(path, err) // a dangling link: the tool would fail as well
		}
		entries = append(entries, entry{f.Name(), path, info.IsDir()})
	}
	return entries, nil
}

// listFiles returns the files with a suffix in a folder.
func listFiles(dir, suffix string) ([]entry, error) {
	entries, err := listDir(dir)
	var files []entry
	for _, e := range entries {
		if !e.isDir && strings.HasSuffix(e.name, suffix) {
			files = append(files, e)
		}
	}
	return files, err
}

// isFile reports whether a file exists, and is not a folder.
func isFile(file string) bool {
	info, err := os.Stat(file)
	return err == nil && !info.IsDir()
}

// problems collects errors, so that all of them are reported together.
type problems []error

func (p *problems) add(err error) {
	if err != nil {
		*p = append(*p, err)
	}
}

func (p *problems) addf(format string, args ...any) { p.add(fmt.Errorf(format, args...)) }

// read is readText for a file whose error is collected.
func (p *problems) read(file string) string {
	text, err := readText(file)
	p.add(err)
	return text
}

func (p problems) err() error { return errors.Join(p...) }
