package apply

import (
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
)

// WithoutValues returns the error without what the server says about rows: its message for errors of a class that quotes
// values, DETAIL, HINT and CONTEXT. It is for rows that belong to somebody.
func (e *RevisionError) WithoutValues() *RevisionError {
	other := *e
	se := pg.ServerError(e.Err)
	if se == nil {
		return &other
	}
	if reason := valueReason(se.Code); reason != "" {
		other.Text, other.Hint = reason, ""
	}
	other.Err = &pgconn.PgError{
		Severity: se.Severity, SeverityUnlocalized: se.SeverityUnlocalized, Code: se.Code, Message: other.Text, Position: se.Position, SchemaName: se.SchemaName,
		TableName: se.TableName, ColumnName: se.ColumnName, DataTypeName: se.DataTypeName, ConstraintName: se.ConstraintName, Routine: se.Routine,
	}
	return &other
}

// valueReason says what is wrong in place of a message that may quote values; "" for codes whose messages only have names.
func valueReason(code string) string {
	switch {
	case strings.HasPrefix(code, "P0"):
		return "it raises an exception, whose text may contain values of rows and is not shown"
	case !strings.HasPrefix(code, "22"):
		return ""
	}
	if reason := valueReasons[code]; reason != "" {
		return reason
	}
	return "a value of a row does not fit"
}

var valueReasons = map[string]string{
	"22001": "a value of a row is too long",
	"22003": "a number of a row is out of range",
	"22004": "a value of a row is null where that is not allowed",
	"22007": "a value of a row is not a date or time",
	"22008": "a date or time of a row is out of range",
	"22012": "a value of a row leads to a division by zero",
	"22P02": "a value of a row is not one of the type",
}
