package pgtest

import (
	"bytes"
	"encoding/binary"
)

// frames splits one direction of a connection into messages of PostgreSQL's protocol
// (https://www.postgresql.org/docs/current/protocol-message-formats.html). Anything else,
// such as TLS, is passed on in the pieces in which it arrived.
type frames struct {
	rest  []byte
	typed bool // messages begin with a type byte; false before the client's startup message
	raw   bool // the stream is not PostgreSQL's protocol
}

const (
	protocol3     = 3 << 16
	cancelRequest = 80877102
	sslRequest    = 80877103
	gssRequest    = 80877104
	// maxLength is more than PostgreSQL accepts.
	maxLength = 1<<30 + 1<<20
)

func (f *frames) add(b []byte) { f.rest = append(f.rest, b...) }

// next returns the next complete message, or nil if there is none yet. answer: the next
// message may be the one-byte answer to a request for encryption.
func (f *frames) next(answer bool) []byte {
	switch {
	case len(f.rest) == 0:
		return nil
	case f.raw:
		return f.take(len(f.rest))
	case answer && bytes.IndexByte([]byte("SNG"), f.rest[0]) >= 0:
		return f.take(1)
	}
	head := 0
	if f.typed {
		head = 1
	}
	if len(f.rest) < head+4 {
		return nil
	}
	length := int(binary.BigEndian.Uint32(f.rest[head:]))
	if length < 4 || length > maxLength {
		f.raw = true
		return f.take(len(f.rest))
	}
	if len(f.rest) < head+length {
		return nil
	}
	message := f.take(head + length)
	if !f.typed && len(message) >= 8 && startCode(message)>>16 == protocol3>>16 {
		f.typed = true
	}
	return message
}

func (f *frames) take(n int) []byte {
	taken := f.rest[:n:n]
	f.rest = f.rest[n:]
	return taken
}

// startCode returns the request code of a message without a type, or 0.
func startCode(message []byte) uint32 {
	if len(message) < 8 {
		return 0
	}
	return binary.BigEndian.Uint32(message[4:])
}
