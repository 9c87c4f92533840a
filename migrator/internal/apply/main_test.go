package apply_test

import (
	"testing"

	"example.com/ambix/migrator/internal/projecttest"
)

func TestMain(m *testing.M) { projecttest.Main(m) }
