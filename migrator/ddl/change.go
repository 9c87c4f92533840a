package ddl

import (
	"errors"

	"example.com/ambix/migrator/schema"
)

// Change returns the statements that turn a database with the first schema into one with the second. The database may
// have rows; the marks of the statements say what becomes of them. Errors: *RefusedError, *CycleError, *schema.RenameError.
func Change(from, to *schema.Schema, o Options) ([]Statement, error) {
	return nil, errors.New("changes are not written yet")
}
