package importtest

import (
	"fmt"
	"strings"
	"testing"
)

func TestGolangMigrate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, s := range scenario {
		up, down := s.up, s.down
		if i == 1 {
			up = "-- explicit transaction\nBEGIN;\n\n" + up + "\n\nCOMMIT;\n"
			down = "begin; " + down + " end;"
		}
		if i == 2 {
			up = strings.ReplaceAll(up, "\n", "\r\n")
		}
		stem := fmt.Sprintf("%06d_%s", 2*i+1, strings.ReplaceAll(s.name, " ", "_"))
		write(t, dir, stem+".up.sql", up)
		write(t, dir, stem+".down.sql", down)
	}
	theirs := database(t)
	run(t, dir, "peers", "golang-migrate", "up", dir, theirs)
	im := importFrom(t, "golang-migrate", dir)
	contains(t, im.output, "BEGIN and COMMIT were removed")
	im.checkRepeatable(t)
	im.checkEqual(t, theirs, "0a1a482cdd5c: the down script leaves public.history with 2 rows instead of 0")
}
