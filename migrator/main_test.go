package migrator_test

import (
	"testing"
	"time"

	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/internal/session"
)

func TestMain(m *testing.M) {
	schematest.FixRandom()
	session.StopReading = time.Minute
	projecttest.Main(m)
}
