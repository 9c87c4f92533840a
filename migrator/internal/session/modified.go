package session

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
)

// Modified compares applied revisions with their files, including down scripts, which an
// upgrade does not need.
func (s *Session) Modified(ctx context.Context, v *plan.View) ([]plan.Change, error) {
	changes := v.Changes()
	differ, err := s.modifiedDownScripts(ctx, v)
	if err != nil {
		return nil, err
	}
	for _, id := range differ {
		i := slices.IndexFunc(changes, func(c plan.Change) bool { return c.Revision == id })
		if i < 0 {
			i = len(changes)
			changes = append(changes, plan.Change{Revision: id, File: v.Files.Revision(id).Up.File})
		}
		changes[i].What = append(changes[i].What, plan.DownScriptModified)
	}
	return changes, nil
}

// modifiedDownScripts returns the applied revisions whose files have another down script
// than the ledger. Comments and white space do not count.
func (s *Session) modifiedDownScripts(ctx context.Context, v *plan.View) ([]string, error) {
	if !v.State.Exists {
		return nil, nil
	}
	rows, err := s.query(ctx, s.Ledger.DownScriptHashes())
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
		if row == nil || row.State != ledger.Applied || v.Recorded[r.ID] != "" {
			continue
		}
		sql, options := plan.DownScript(r)
		recorded := stored[r.ID]
		switch {
		case sql == nil && recorded == "":
		case sql == nil || recorded == "":
			differ = append(differ, r.ID)
		case recorded != options+"\n"+fmt.Sprintf("%x", sha256.Sum256([]byte(*sql))):
			compare = append(compare, r.ID)
		}
	}
	if len(compare) == 0 {
		return differ, nil
	}
	if rows, err = s.query(ctx, s.Ledger.DownScripts(compare)); err != nil {
		return nil, err
	}
	for _, row := range rows {
		r := v.Files.Revision(row[0].Text)
		if r == nil {
			continue // the table is not what it was
		}
		sql, options := plan.DownScript(r)
		if row[1].Text != options || sqltext.Checksum(row[2].Text) != sqltext.Checksum(*sql) {
			differ = append(differ, row[0].Text)
		}
	}
	return differ, nil
}
