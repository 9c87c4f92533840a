package migrator_test

import (
	"testing"

	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/internal/schematest"
)

func TestMain(m *testing.M) {
	schematest.FixRandom()
	projecttest.Main(m)
}
