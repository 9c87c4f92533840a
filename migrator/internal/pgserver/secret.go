package pgserver

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"regexp"
	"strings"
)

// Superuser is the name of the role that owns a server.
const Superuser = "postgres"

// RandomHex returns random digits, two for each byte.
func RandomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// Verifier returns the SCRAM verifier of a password with 1 iteration instead of 4096, which
// would dominate the time of a connection: 80 ms under the race detector.
func Verifier(password string) string {
	const salt = "sixteen bytes of" // may be constant: the passwords are random
	key, err := pbkdf2.Key(sha256.New, password, []byte(salt), 1, sha256.Size)
	if err != nil {
		return password
	}
	sum := func(text string) []byte {
		mac := hmac.New(sha256.New, key)
		_, _ = io.WriteString(mac, text)
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(sum("Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return "SCRAM-SHA-256$1:" + encode([]byte(salt)) + "$" + encode(stored[:]) + ":" + encode(sum("Server Key"))
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// DatabaseName returns a name for the database of a test that needs no quoting, contains the name of the test, and is unique
// across processes.
func DatabaseName(test string) string {
	name := "t_" + notInNames.ReplaceAllString(strings.ToLower(test), "_")
	return name[:min(len(name), 48)] + "_" + RandomHex(4)
}
