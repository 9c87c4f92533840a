package pgtest

import (
	"os"
	"testing"
)

// Missing ends a test that needs a program beside PostgreSQL which this machine lacks.
// scripts/test installs everything and sets TEST_COMPLETE: there it is a failure.
// Elsewhere the test is skipped by name, so that plain `go test ./...` needs nothing but
// a server.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("TEST_COMPLETE") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}
