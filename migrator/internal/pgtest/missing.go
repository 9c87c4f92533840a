package pgtest

import (
	"os"
	"testing"
)

// Missing ends a test that needs a program other than PostgreSQL that is not installed. If
// TEST_COMPLETE is set, as scripts/test does after installing everything, the test fails;
// otherwise it is skipped, so that plain go test needs only a server.
func Missing(t testing.TB, message string) {
	t.Helper()
	if os.Getenv("TEST_COMPLETE") != "" {
		t.Fatal(message)
	}
	t.Skip(message)
}
