package sqltext

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// recorder is a server that records messages and executes nothing.
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
	copyWord = regexp.MustCompile(`(?i)^copy\b`)
	fromWord = regexp.MustCompile(`(?i)\bfrom\b`)
	// The server reports the setting to psql, which then reads strings accordingly from the next line on.
	conformingSet = regexp.MustCompile(`(?is)^(?:set|reset|select)\b.*\bstandard_conforming_strings\b(.*)`)
	stdioWord     = regexp.MustCompile(`(?i)^(stdin|stdout)\b`)
)

// wantsRows recognizes COPY … FROM stdin without the lexer under test.
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
		{"server_version", "15.0"},
		{"server_encoding", "UTF8"},
		{"client_encoding", "UTF8"},
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
	if set := conformingSet.FindStringSubmatch(withoutLeadingComments(text)); set != nil {
		value := "on"
		if strings.Contains(strings.ToLower(set[1]), "off") {
			value = "off"
		}
		writeMessage(out, 'S', "standard_conforming_strings\x00"+value+"\x00")
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
