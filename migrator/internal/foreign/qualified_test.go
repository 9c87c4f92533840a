package foreign

import (
	"testing"

	"example.com/ambix/migrator/internal/sqltest"
)

func TestStatementsAreQualified(t *testing.T) {
	t.Parallel()
	statements := []string{Detect(), Columns("s.t"), HasObjects([]string{"s.t"}), HasObjects(nil)}
	for tool := range tools {
		statements = append(statements, Table{Name: "s.t", Tool: tool}.Query())
	}
	for _, sql := range statements {
		for _, problem := range sqltest.Unqualified(sql) {
			t.Errorf("%s\n%s", problem, sql)
		}
	}
}
