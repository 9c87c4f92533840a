package plan

import (
	"strings"
	"testing"

	"example.com/ambix/migrator/internal/ledger"
)

// The operation that finishes an interrupted revision does nothing else.
func TestFinishRevertsNothingElse(t *testing.T) {
	t.Parallel()
	row := func(id string, state ledger.RowState, down ...string) ledger.Row {
		return ledger.Row{Revision: id, DownRevision: down, State: state}
	}
	for _, c := range []struct {
		name, want string
		rows       []ledger.Row // the last one is asked for
	}{
		{"a revision", "down b@-1", []ledger.Row{row("a", ledger.Applied), row("b", ledger.Reverting, "a")}},
		{"a base next to others", "down b@-1", []ledger.Row{row("a", ledger.Applied), row("b", ledger.Reverting)}},
		{"a merge", "to a b x", []ledger.Row{row("x", ledger.Applied), row("a", ledger.Applied), row("b", ledger.Applied), row("m", ledger.Reverting, "a", "b")}},
		{"an upgrade without its script", "", []ledger.Row{row("a", ledger.Applied), row("b", ledger.Applying, "a")}},
	} {
		files, _ := NewFiles(nil)
		v, err := Join(files, ledger.State{Exists: true, Rows: c.rows})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(v.Finish(&c.rows[len(c.rows)-1]), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
