package rehearsal

import (
	"maps"
	"slices"
	"strings"

	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/schema"
)

// access is who may use something.
type access struct {
	owner string
	// privileges are those of privileges.
	privileges string
	// secured: it has row-level security, forced on its owner too. permitted: a policy allows something.
	secured, forced, permitted bool
}

// privileges returns the expression for the privileges in an access control list: lines of a privilege and the role that has
// it, "" for all roles, separated by a tab.
func privileges(acl string) string {
	return `(SELECT pg_catalog.string_agg(x.privilege_type OPERATOR(pg_catalog.||) E'\t' OPERATOR(pg_catalog.||) CASE WHEN x.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN '' ELSE pg_catalog.pg_get_userbyid(x.grantee)::pg_catalog.text END, E'\n')
    FROM pg_catalog.aclexplode(` + acl + `) x)`
}

// rights returns who has which privilege. Those on columns are in the form SELECT (name).
func (a access) rights(columns map[string]column) map[privilege]bool {
	all := map[privilege]bool{}
	add := func(lines, column string) {
		for line := range strings.Lines(lines) {
			word, role, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			all[privilege{role, word + column}] = true
		}
	}
	add(a.privileges, "")
	for _, c := range columns {
		if !c.dropped {
			add(c.privileges, " ("+schema.QuoteIdent(c.name)+")")
		}
	}
	return all
}

type privilege struct{ role, word string }

// isUnder reports whether a privilege comes with another one: a role has those of PUBLIC, and one on a table counts for its columns.
func (p privilege) isUnder(all map[privilege]bool) bool {
	word, _, _ := strings.Cut(p.word, " (")
	return all[p] || all[privilege{"", p.word}] || all[privilege{p.role, word}] || all[privilege{"", word}]
}

// usable is what has access: a relation, or what is named.
type usable struct {
	rehearse.Relation
	access  access
	columns map[string]column
}

// usable returns what has an ID or, if it is gone, has its name. nil: nothing.
func (o *observer) usable(c *catalog, id, name string) *usable {
	if r := c.relations[id]; r != nil && r.kind != "i" && r.kind != "I" {
		return &usable{o.public(r), r.access, r.columns}
	}
	if n, found := c.named[id]; found && n.kind != "value" && n.kind != "extension" {
		return &usable{o.named(n), n.access, nil}
	}
	if name == "" {
		return nil
	}
	for id, r := range c.relations {
		if r.qualified() == name {
			return o.usable(c, id, "")
		}
	}
	for id, n := range c.named {
		if n.title() == name {
			return o.usable(c, id, "")
		}
	}
	return nil
}

// title tells functions with one name apart.
func (n named) title() string { return n.kind + " " + n.name + "(" + n.arguments + ")" }

// compareAccess notes what a statement does to the access to something that was there before the step. What of it lasts is
// known at the end of the step.
func (d *difference) compareAccess() {
	note := func(id string) {
		was := d.usable(d.was, id, "")
		if was == nil {
			return
		}
		for _, kind := range accessLost(was, d.usable(d.now, id, "")) {
			d.changes = append(d.changes, rehearse.Change{Relation: was.Relation, Kind: kind})
		}
	}
	for _, oid := range slices.Sorted(maps.Keys(d.was.relations)) {
		if r := d.existed(d.was, oid); r != nil && d.now.relations[oid] != r {
			note(oid)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(d.was.named)) {
		if _, before := d.before.named[key]; before && d.was.named[key] != d.now.named[key] {
			note(key)
		}
	}
}

// accessLost returns the kinds of what is lost. now is nil if there is nothing any more, which may be made again.
func accessLost(was, now *usable) (kinds []rehearse.ChangeKind) {
	if now == nil {
		return []rehearse.ChangeKind{rehearse.Revoke}
	}
	if was.access.owner != now.access.owner {
		kinds = append(kinds, rehearse.ChangeOwner)
	}
	if len(lostRights(was, now)) > 0 {
		kinds = append(kinds, rehearse.Revoke)
	}
	if now.access.secured && (!was.access.secured || now.access.forced && !was.access.forced || was.access.permitted && !now.access.permitted) {
		kinds = append(kinds, rehearse.HideRows)
	}
	return kinds
}

// lostRights returns the privileges that roles other than the owner have lost.
func lostRights(was, now *usable) (lost []privilege) {
	left := now.access.rights(now.columns)
	for p := range was.access.rights(was.columns) {
		if p.role != was.access.owner && p.role != now.access.owner && !p.isUnder(left) {
			lost = append(lost, p)
		}
	}
	return lost
}

// lasting completes the changes of access, each at the last statement of its kind, and removes those that do not last.
func (o *observer) lasting() {
	done := map[string]bool{}
	for i := range slices.Backward(o.step.Statements) {
		st := &o.step.Statements[i]
		var changes []rehearse.Change
		for _, c := range st.Changes {
			switch c.Kind {
			case rehearse.Revoke, rehearse.ChangeOwner, rehearse.HideRows:
				if key := string(c.Kind) + " " + c.Relation.ID; !done[key] {
					done[key] = true
					changes = append(changes, o.lost(c)...)
				}
			default:
				changes = append(changes, c)
			}
		}
		st.Changes = changes
	}
}

// lost returns what of a change of access is left at the end of the step: one for each role.
func (o *observer) lost(c rehearse.Change) (changes []rehearse.Change) {
	was := o.usable(o.before, c.Relation.ID, "")
	if was == nil {
		return nil
	}
	name := was.Relation.Name
	if n, found := o.before.named[c.Relation.ID]; found {
		name = n.title()
	}
	now := o.usable(o.now, c.Relation.ID, name)
	if now == nil || !slices.Contains(accessLost(was, now), c.Kind) {
		return nil
	}
	switch c.Kind {
	case rehearse.ChangeOwner:
		c.To = now.access.owner
		return []rehearse.Change{c}
	case rehearse.HideRows:
		c.Permitted, c.Forced = now.access.permitted, now.access.forced
		return []rehearse.Change{c}
	}
	byRole := map[string][]string{}
	for _, p := range lostRights(was, now) {
		byRole[p.role] = append(byRole[p.role], p.word)
	}
	for _, role := range slices.Sorted(maps.Keys(byRole)) {
		c.Name, c.To = role, strings.Join(slices.Sorted(slices.Values(byRole[role])), ", ")
		changes = append(changes, c)
	}
	return changes
}
