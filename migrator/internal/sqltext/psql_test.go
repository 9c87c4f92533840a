package sqltext

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The reference for this package is psql, connected to a server that only records what it receives.

// sent is one message of psql, with the rows of a COPY.
type sent struct{ text, rows string }

const (
	endOfFile = "ambix end of file "
	// In restricted mode psql refuses meta-commands and continues after the line, as Split does.
	restrictKey = `\restrict ambix`
)

// psqlCuts runs every source through psql -f and returns what each of them sent.
func psqlCuts(t *testing.T, sources []string) [][]sent {
	t.Helper()
	path, err := exec.LookPath("psql")
	if err != nil {
		t.Fatalf("this test compares the lexer with psql: install PostgreSQL's client programs (%v)", err)
	}
	server := startRecorder(t)
	dir := t.TempDir()
	restrict := filepath.Join(dir, "restrict.sql")
	if err := os.WriteFile(restrict, []byte(restrictKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-X", "-q", "-d", server.dsn(), "-f", restrict}
	for i, src := range sources {
		name := filepath.Join(dir, strconv.Itoa(i)+".sql")
		if err := os.WriteFile(name, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-f", name, "-c", endOfFile+strconv.Itoa(i))
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = []string{"LC_ALL=C.UTF-8"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	// The exit status is that of the last file. It is enough that every file was read to its end.
	_ = cmd.Run()
	if strings.Contains(stderr.String(), `invalid command \restrict`) {
		t.Fatal(`this psql has no \restrict and would carry out the commands of a corpus: install a minor release of August 2025 or later`)
	}
	cuts := server.byFile()
	if len(cuts) != len(sources) {
		t.Fatalf("psql came to the end of %d files of %d: %s", len(cuts), len(sources), stderr.String())
	}
	return cuts
}

// psqlStatements brings psql's messages into a form that can be compared. White space is ignored, because psql removes line
// ends, spaces and -- comments before a statement. So are empty statements, as Split does.
func psqlStatements(messages []sent) []sent {
	var statements []sent
	for _, m := range messages {
		text := strings.TrimSuffix(withoutSpace(withoutLeadingComments(m.text)), ";")
		if text == "" {
			continue
		}
		// psql sends the line \. too; the server stops there.
		rows := strings.TrimSuffix(strings.TrimSuffix(m.rows, "\\.\n"), "\\.\r\n")
		statements = append(statements, sent{text: text, rows: rows})
	}
	return statements
}

// splitStatements brings Split's statements into the same form: each from its start to its semicolon.
func splitStatements(src string) []sent {
	split, _ := Split(src)
	var statements []sent
	var text strings.Builder
	i, ended := 0, false
	finish := func() {
		compared := strings.TrimSuffix(withoutSpace(text.String()), ";")
		statements = append(statements, sent{text: compared, rows: src[split[i].Data:split[i].DataEnd]})
		text.Reset()
		i, ended = i+1, false
	}
	for t := range Tokens(src) {
		if i < len(split) && t.Start >= split[i].Next {
			finish()
		}
		if i == len(split) || t.Start < split[i].Start || ended {
			continue
		}
		ended = t.Kind == Semicolon
		switch piece := src[t.Start:t.End]; {
		case t.Kind != MetaCommand:
			text.WriteString(piece)
		case piece == `\;` || piece == `\:`:
			text.WriteString(piece[1:])
		}
	}
	if i < len(split) {
		finish()
	}
	return statements
}

func withoutSpace(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n\r\f\v", r) {
			return -1
		}
		return r
	}, s)
}

// withoutLeadingComments does not use the lexer, because it is part of the reference.
func withoutLeadingComments(s string) string {
	for {
		s = strings.TrimLeft(s, " \t\n\r\f\v")
		switch {
		case strings.HasPrefix(s, "--"):
			n := strings.IndexAny(s, "\n\r")
			if n < 0 {
				return ""
			}
			s = s[n:]
		case strings.HasPrefix(s, "/*"):
			depth, i := 0, 0
			for i < len(s) {
				switch {
				case strings.HasPrefix(s[i:], "/*"):
					depth++
					i += 2
				case strings.HasPrefix(s[i:], "*/"):
					depth--
					i += 2
				default:
					i++
				}
				if depth == 0 {
					break
				}
			}
			s = s[i:]
		default:
			return s
		}
	}
}
