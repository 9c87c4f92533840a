package prove

import (
	"fmt"
	"slices"

	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

// Findings returns what another order has shown. revision returns a revision by its id.
func (o *Orders) Findings(revision func(id string) *revision.Revision) []rehearse.Finding {
	d := o.Differs
	if d == nil {
		return nil
	}
	one, other := revision(d.One), revision(d.Other)
	f := rehearse.Finding{Rule: rehearse.Order, Revision: d.Other, Pos: position(other.Up), Safe: "let one of the two require the other: depends_on: " + d.One + " in the header of " + d.Other}
	names := text.Named(d.One, one.Subject()) + " and " + text.Named(d.Other, other.Subject())
	switch {
	case d.Failed != nil:
		f.Severity = rehearse.Danger
		f.Text = fmt.Sprintf("%s can be applied in either order, but with %s first %s fails: %s", names, d.Other, d.Failed.Revision, serverText(d.Failed))
		f.Why = "a database that gets " + d.Other + " first, as the graph allows, cannot be upgraded"
		if d.Failed.Revision == d.Other { // it needs the other one
			f.Pos = errorPos(d.Failed)
		} else {
			f.Revision, f.Pos = d.Failed.Revision, errorPos(d.Failed)
			f.Safe = "let one of the two require the other: depends_on: " + d.Other + " in the header of " + d.One
		}
	case len(d.Differs) > 0:
		f.Severity = max(rehearse.Warning, worst(d.Differs))
		f.Object = d.Differs[0].Key.Name
		f.Text = fmt.Sprintf("%s can be applied in either order, but the schema depends on it: with %s first it %s", names, d.Other, describe(d.Differs, "also has ", "lacks ", "has a different "))
		f.Why = "two databases at the same revision have different schemas"
	default:
		n := d.Rows[0]
		f.Severity, f.Object = rehearse.Warning, n.Table
		f.Text = fmt.Sprintf("%s can be applied in either order, but the rows depend on it: with %s first %s has %s instead of %d", names, d.Other, n.Table, text.Count(int(n.After), "row"), n.Before)
		f.Why = "two databases at the same revision have different rows"
	}
	if f.Object != "" && f.File == other.Up.File {
		if at := slices.IndexFunc(d.about, func(x *schema.Object) bool { return x != nil && x.Key.Name == f.Object }); at >= 0 {
			f.Pos = position(other.Up, d.about[at])
		}
	}
	return []rehearse.Finding{f}
}
