package main

import (
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

func TestHelp(t *testing.T) {
	t.Setenv("DATABASE_URL", "::") // fails if it is read
	for _, test := range []struct {
		arg            string
		code           int
		stdout, stderr string
	}{
		{"-h", 0, usage, ""},
		{"--help", 0, usage, ""},
		{"more", 2, "", usage},
	} {
		var stdout, stderr strings.Builder
		if code := run([]string{test.arg}, &stdout, &stderr); code != test.code || stdout.String() != test.stdout || stderr.String() != test.stderr {
			t.Errorf("%s: exit code %d\n%s%s", test.arg, code, &stdout, &stderr)
		}
	}
}

// The server's message is shown as it is, with the address once, and without the driver's.
func TestServersReasonIsShown(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	answer, err := (&pgproto3.ErrorResponse{Severity: "FATAL", Code: "28P01", Message: "password authentication failed"}).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1024))
			_, _ = conn.Write(answer)
			_ = conn.Close()
		}
	}()
	address := listener.Addr().String()
	t.Setenv("DATABASE_URL", "postgres://u:s3cret@"+address+"/d?sslmode=disable")
	for _, want := range []string{"password authentication failed (28P01)", "connection refused"} {
		var stdout, stderr strings.Builder
		code := run(nil, &stdout, &stderr)
		if text := `database "d" at ` + address + " as u: " + want + "\n"; code != 1 || stderr.String() != text {
			t.Errorf("exit code %d\n%s", code, &stderr)
		}
		_ = listener.Close()
	}
}
