package sqltext

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The oracle of this package: psql itself, talking to a server that records what it is sent and executes nothing.

// sent is one message of psql, with the rows of a COPY.
type sent struct{ text, rows string }

const (
	endOfFile = "ambix end of file "
	// In restricted mode psql refuses its own commands, as we do, and reads on behind the line.
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
	// The status is that of the last file; what counts is that every file came to its end.
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

// recorder is the server.
type recorder struct {
	listener net.Listener
	mu       sync.Mutex
	messages []sent
}

func startRecorder(t *testing.T) *recorder {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{listener: listener}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if err := r.serve(conn); err != nil {
				t.Errorf("recording server: %v", err)
			}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return r
}

func (r *recorder) dsn() string {
	addr := r.listener.Addr().(*net.TCPAddr)
	return fmt.Sprintf("host=127.0.0.1 port=%d user=ambix dbname=ambix sslmode=disable gssencmode=disable", addr.Port)
}

// byFile returns the messages between the marks that end each file.
func (r *recorder) byFile() [][]sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	cuts := [][]sent{}
	var file []sent
	for _, m := range r.messages {
		if m.text == endOfFile+strconv.Itoa(len(cuts)) {
			cuts, file = append(cuts, file), nil
			continue
		}
		file = append(file, m)
	}
	return cuts
}

var (
	copyWord  = regexp.MustCompile(`(?i)^copy\b`)
	fromWord  = regexp.MustCompile(`(?i)\bfrom\b`)
	stdioWord = regexp.MustCompile(`(?i)^(stdin|stdout)\b`)
)

// wantsRows is how the server knows a COPY from the client, independently of the lexer under test.
func wantsRows(text string) bool {
	text = withoutLeadingComments(text)
	if !copyWord.MatchString(text) || strings.HasPrefix(withoutLeadingComments(text[len("copy"):]), "(") {
		return false
	}
	for _, from := range fromWord.FindAllStringIndex(text, -1) {
		if stdioWord.MatchString(withoutLeadingComments(text[from[1]:])) {
			return true
		}
	}
	return false
}

func (r *recorder) serve(conn net.Conn) error {
	in, out := bufio.NewReader(conn), bufio.NewWriter(conn)
	if _, err := readBody(in); err != nil { // the startup packet
		return err
	}
	writeMessage(out, 'R', "\x00\x00\x00\x00")
	for _, status := range [][2]string{
		{"server_version", "15.0"}, {"server_encoding", "UTF8"}, {"client_encoding", "UTF8"},
		{"standard_conforming_strings", "on"},
	} {
		writeMessage(out, 'S', status[0]+"\x00"+status[1]+"\x00")
	}
	writeMessage(out, 'Z', "I")
	for {
		if err := out.Flush(); err != nil {
			return err
		}
		kind, err := in.ReadByte()
		if err != nil {
			return err
		}
		body, err := readBody(in)
		if err != nil {
			return err
		}
		switch kind {
		case 'X':
			return nil
		case 'Q':
			r.record(out, strings.TrimSuffix(body, "\x00"))
		case 'd':
			r.mu.Lock()
			r.messages[len(r.messages)-1].rows += body
			r.mu.Unlock()
		case 'c', 'f':
			writeMessage(out, 'C', "COPY 0\x00")
			writeMessage(out, 'Z', "I")
		default:
			return fmt.Errorf("unexpected message %q", kind)
		}
	}
}

func (r *recorder) record(out *bufio.Writer, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, sent{text: text})
	if wantsRows(text) {
		writeMessage(out, 'G', "\x00\x00\x00")
		return
	}
	writeMessage(out, 'C', "SELECT 0\x00")
	writeMessage(out, 'Z', "I")
}

func readBody(in *bufio.Reader) (string, error) {
	var length [4]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return "", err
	}
	body := make([]byte, binary.BigEndian.Uint32(length[:])-4)
	_, err := io.ReadFull(in, body)
	return string(body), err
}

func writeMessage(out *bufio.Writer, kind byte, body string) {
	_ = out.WriteByte(kind)
	_ = binary.Write(out, binary.BigEndian, uint32(len(body)+4))
	_, _ = out.WriteString(body)
}

// psqlStatements brings psql's messages into a form that can be compared. psql leaves out line ends, blanks and --
// comments before a statement, so white space does not count: what counts is where one statement ends and the next
// begins. Empty statements are left out, as Split does.
func psqlStatements(messages []sent) []sent {
	var statements []sent
	for _, m := range messages {
		text := strings.TrimSuffix(withoutSpace(withoutLeadingComments(m.text)), ";")
		if text == "" {
			continue
		}
		// psql sends the line \. along; the server stops there.
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
		case t.Kind != Command:
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

// withoutLeadingComments is deliberately not the lexer's: it is half of the oracle.
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
