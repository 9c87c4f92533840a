package importtest

import (
	"fmt"
	"strings"
	"testing"
)

func TestSQLMigrate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, s := range scenario {
		up, down := s.up, s.down
		if !strings.HasSuffix(up, ";") {
			up, down = up+";", down+";"
		}
		option := ""
		switch {
		case s.noTransaction:
			option = " notransaction"
		case i == 1:
			// It removes the comment, of which the function's body must not keep anything.
			up = "-- +migrate StatementBegin\n" + strings.Replace(up, "BEGIN\n", "BEGIN\n-- a comment; in the body\n", 1) + "\n-- +migrate StatementEnd"
		}
		// The numbers count, not the names.
		write(t, dir, fmt.Sprintf("%d-%s.sql", 8+i, strings.ReplaceAll(s.name, " ", "_")),
			"-- "+s.name+"\n-- +migrate Up"+option+"\n-- up;\n"+up+"\n\n-- +migrate Down"+option+"\n"+down+"\n")
	}
	theirs := database(t)
	run(t, dir, "peers", "sql-migrate", "up", dir, theirs)
	im := importFrom(t, "sql-migrate", dir)
	contains(t, im.output, "Wrote 5 revisions and the map adopt.json to sql.\nNo manual work is needed.")
	im.checkRepeatable(t)
	im.checkEqual(t, theirs, im.historyLeft())
}
