package sample

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/schema"
)

// Error reports rows that cannot be read, or do not fit. It does not contain any of them, and neither does Err.
type Error struct {
	Table              string // qualified; "" if it is about none
	Column, Constraint string // "": not known
	Code               string // the SQLSTATE
	Reason             string
	Err                error // nil for what the server says about rows, which it quotes
}

func (e *Error) Error() string {
	where := e.Table
	if where == "" {
		where = "the rows"
	} else {
		where = "rows of " + where
	}
	message := where + " cannot be copied: " + e.Reason
	for _, part := range []struct{ kind, name string }{{"column", e.Column}, {"constraint", e.Constraint}} {
		if part.name != "" {
			message += ", " + part.kind + " " + schema.QuoteIdent(part.name)
		}
	}
	if e.Code != "" {
		message += " (" + e.Code + ")"
	}
	return message
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// reading returns an error of the database that is read.
func reading(table string, err error) error {
	se := pg.ServerError(err)
	if se == nil || err == nil {
		return err
	}
	if hasValues(se.Code) {
		return &Error{Table: table, Code: se.Code, Reason: "the server cannot read a value"}
	}
	return &Error{Table: table, Code: se.Code, Reason: se.Message, Err: err}
}

// hasValues reports whether the message of an error may quote a value.
func hasValues(code string) bool {
	return strings.HasPrefix(code, "22") || strings.HasPrefix(code, "23") || strings.HasPrefix(code, "P0")
}

// loading returns an error without what the server says: it may quote values.
func loading(table string, err error) error {
	se := pg.ServerError(err)
	if se == nil || err == nil {
		return err
	}
	e := &Error{Table: table, Column: se.ColumnName, Constraint: se.ConstraintName, Code: se.Code, Reason: "they do not fit the tables that the revisions make"}
	if table == "" && se.TableName != "" {
		e.Table = schema.Qualify(se.SchemaName, se.TableName)
	}
	if reason := reasons[se.Code]; reason != "" {
		e.Reason = reason
	} else if !hasValues(se.Code) {
		e.Reason = fmt.Sprintf("the scratch server refuses it: %s", se.Message)
	}
	return e
}

// reasons say what is wrong with rows that do not fit.
var reasons = map[string]string{
	"22001": "a value is too long for the column that the revisions make",
	"22003": "a number is out of the range of the column that the revisions make",
	"22021": "a text has characters that the encoding of the scratch database lacks",
	"22P02": "a value is not one of the type of the column that the revisions make",
	"22P05": "a text has characters that the encoding of the scratch database lacks",
	"23502": "a row lacks a value where the revisions make a column NOT NULL",
	"23503": "a row refers to one that does not exist",
	"23505": "two rows are equal where the revisions make them unique",
	"23514": "a row violates a constraint that the revisions make, or belongs to another partition",
	"23P01": "two rows exclude each other where the revisions make a constraint",
}
