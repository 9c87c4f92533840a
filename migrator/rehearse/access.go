package rehearse

import "strings"

// access adds the finding about a privilege, or rows, that are taken away from a role. Which roles programs have is not known.
func (j *judge) access(i int, c Change, f Finding) {
	if j.step.Down {
		return
	}
	name := j.step.Statements[i].name()
	f.Rule, f.Severity = Access, min(j.renames(f.Size), Warning)
	if c.Relation.Kind != Table && c.Relation.Kind != PartitionedTable {
		f.Severity, f.Why = Warning, "a running program may use it"
	} else if !f.Size.Known {
		f.Why = f.Size.whyUsed(c.Relation.Name)
	}
	what := c.Relation.Name
	if kind := c.Relation.Kind; kind != Table && kind != PartitionedTable {
		what = string(kind) + " " + what
	}
	switch c.Kind {
	case Revoke:
		role := c.Name
		if role == "" {
			role = "PUBLIC, which is every role"
		}
		f.Text = name + " takes " + c.To + " on " + what + " from " + role
		f.Safe = "revoke it once no running program connects with that role"
		if strings.HasPrefix(name, "DROP") {
			f.Text = name + " takes " + c.To + " on " + what + " from " + role + ": it is made again without that privilege"
			f.Safe = "GRANT it again in the same revision"
		}
	case ChangeOwner:
		f.Text = name + " makes " + c.To + " the owner of " + what + ": the role that owned it loses its privileges, and can no longer alter or drop it"
		f.Safe = "GRANT the old owner what its programs use, or make it a member of " + c.To
	case HideRows:
		f.Text = name + " hides the rows of " + what + " that no policy allows from all roles but its owner"
		if c.To != "" {
			f.Text = name + " hides the rows of " + what + " that no policy allows from all roles, its owner too"
		}
		if c.Name != "" {
			f.Severity = min(f.Severity, Note)
			break
		}
		f.Severity = j.renames(f.Size)
		f.Text = strings.Replace(f.Text, "the rows of "+what+" that no policy allows", "all rows of "+what, 1) + ", and lets no other role insert any: there is no policy"
		f.Safe = "create the policies in the same revision"
		if c.To != "" {
			f.Text = strings.Replace(f.Text, "lets no other role insert", "lets no role insert", 1)
		}
	}
	j.add(i, c.Relation, f)
}
