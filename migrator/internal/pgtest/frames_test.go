package pgtest

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEncryptedDataPassesUnchanged(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		request := make([]byte, 8)
		_, _ = io.ReadFull(conn, request)
		_, _ = conn.Write([]byte("S"))
		_, _ = io.Copy(conn, conn)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	p := NewProxy(t, "postgres://"+listener.Addr().String())
	conn, err := net.Dial("tcp", mustParse(t, p.URL("postgres://")).Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	request := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 8), sslRequest)
	if _, err := conn.Write(request); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1)
	if _, err := io.ReadFull(conn, answer); err != nil || answer[0] != 'S' {
		t.Fatalf("%q, %v", answer, err)
	}
	noise := strings.Repeat("\x16\x03\x01\x7f\xff\xff\xff", 10)
	if _, err := io.WriteString(conn, noise); err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	if echo, err := io.ReadAll(conn); err != nil || string(echo) != noise {
		t.Errorf("%q, %v", echo, err)
	}
}

// The streams arrive in arbitrary pieces and may be malformed.
func TestFramesKeepEveryByte(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bodies := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 20)).Draw(t, "bodies")
		var stream []byte
		for _, body := range bodies {
			stream = append(stream, 'Q')
			stream = append(binary.BigEndian.AppendUint32(stream, uint32(len(body)+4)), body...)
		}
		noise := rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "noise")
		all := append(bytes.Clone(stream), noise...)
		f := frames{typed: true}
		var out []byte
		count := 0
		for rest := all; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			f.add(rest[:n])
			rest = rest[n:]
			for m := f.next(false); m != nil; m = f.next(false) {
				if count < len(bodies) && !bytes.Equal(m[5:], bodies[count]) {
					t.Fatalf("message %d is %q", count, m)
				}
				count++
				out = append(out, m...)
			}
		}
		if count < len(bodies) {
			t.Fatalf("%d messages, want %d", count, len(bodies))
		}
		f.raw = true
		out = append(out, f.next(false)...)
		if !bytes.Equal(out, all) {
			t.Fatalf("%q went in, %q came out", all, out)
		}
	})
}
