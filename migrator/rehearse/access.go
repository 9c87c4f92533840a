package rehearse

import "strings"

// access adds the finding about a privilege, or rows, that are taken away from a role. Which roles programs have is not known.
func (j *judge) access(i int, c Change, f Finding) {
	if j.step.Down {
		return
	}
	name, what := j.step.Statements[i].name(), c.Relation.Name
	f.Rule, f.Severity = Access, min(j.renames(f.Size), Warning)
	if kind := c.Relation.Kind; kind != Table && kind != PartitionedTable {
		what = string(kind) + " " + what
		f.Severity, f.Why = Warning, "a running program may use it"
	} else if !f.Size.Known {
		f.Why = f.Size.whyUsed(c.Relation.Name)
	}
	switch c.Kind {
	case Revoke:
		role := c.Name
		if role == "" {
			role = "PUBLIC, which is every role"
		}
		f.Text, f.Safe = name+" takes "+c.To+" on "+what+" from "+role, "revoke it once no running program connects with that role"
		if strings.HasPrefix(name, "DROP") {
			f.Text, f.Safe = f.Text+": it is made again without that privilege", "GRANT it again in the same revision"
		}
	case ChangeOwner:
		f.Text = name + " makes " + c.To + " the owner of " + what + ": the role that owned it loses its privileges, and can no longer alter or drop it"
		f.Safe = "GRANT the old owner what its programs use, or make it a member of " + c.To
	case HideRows:
		exempt := "row-level security exempts only the owner, superusers and roles with BYPASSRLS" // PostgreSQL manual, "Row Security Policies"
		if c.Forced {
			exempt = "row-level security exempts only superusers and roles with BYPASSRLS"
		}
		if c.Permitted {
			f.Severity, f.Text = min(f.Severity, Note), name+" hides the rows of "+what+" that no policy allows: "+exempt
			break
		}
		f.Severity, f.Text = j.renames(f.Size), name+" hides all rows of "+what+" and refuses new ones: there is no policy, and "+exempt
		f.Safe = "create the policies in the same revision"
	}
	j.add(i, c.Relation, f)
}
