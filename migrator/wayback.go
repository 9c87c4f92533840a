package migrator

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
)

// downScript is what a change of the way back is called, beside those of plan.Change.
const downScript = "down script"

// changes compares applied revisions with their files, the ways back among it: a run
// that goes up has no use for those, so it does not spend the time.
func (ss *session) changes(ctx context.Context, v *plan.View) ([]plan.Change, error) {
	changes := v.Changes()
	differ, err := ss.otherWaysBack(ctx, v)
	if err != nil {
		return nil, err
	}
	for _, id := range differ {
		i := slices.IndexFunc(changes, func(c plan.Change) bool { return c.Revision == id })
		if i < 0 {
			i = len(changes)
			changes = append(changes, plan.Change{Revision: id, File: v.Files.Revision(id).Up.File})
		}
		changes[i].What = append(changes[i].What, downScript)
	}
	return changes, nil
}

// otherWaysBack gives the applied revisions whose files take them down by another script
// than the ledger's; comments and white space do not count.
func (ss *session) otherWaysBack(ctx context.Context, v *plan.View) ([]string, error) {
	if !v.State.Exists {
		return nil, nil
	}
	rows, err := ss.conn.Query(ctx, ss.roleFirst()+ss.set.ledger.WaysBack())
	if err != nil {
		return nil, err
	}
	stored := map[string]string{}
	for _, row := range rows {
		stored[row[0].Text] = row[1].Text + "\n" + row[2].Text
	}
	var differ, compare []string
	for _, r := range v.Files.Ordered() {
		row := v.Row(r.ID)
		if row == nil || row.State != ledger.Applied {
			continue
		}
		sql, options := plan.WayBack(r)
		kept := stored[r.ID]
		switch {
		case sql == nil && kept == "":
		case sql == nil || kept == "":
			differ = append(differ, r.ID)
		case kept != options+"\n"+fmt.Sprintf("%x", sha256.Sum256([]byte(*sql))):
			compare = append(compare, r.ID)
		}
	}
	if len(compare) == 0 {
		return differ, nil
	}
	if rows, err = ss.conn.Query(ctx, ss.roleFirst()+ss.set.ledger.DownScripts(compare)); err != nil {
		return nil, err
	}
	for _, row := range rows {
		sql, options := plan.WayBack(v.Files.Revision(row[0].Text))
		if row[1].Text != options || sqltext.Checksum(row[2].Text) != sqltext.Checksum(*sql) {
			differ = append(differ, row[0].Text)
		}
	}
	return differ, nil
}
