package scratch

import (
	"context"
	"iter"
	"slices"
	"sort"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// RoleChange is what a statement would do to roles of the server, which belong to all of its databases.
type RoleChange struct {
	Start int    // offset of the statement in its script
	Text  string // such as: it drops role app, which exists on the server of the scratch databases
}

// currentRoles are words that stand for a role of the server, or for all.
var currentRoles = []string{"all", "current_role", "current_user", "session_user"}

// Roles returns those of the names that are roles of the server, or stand for one.
func (s *Server) Roles(ctx context.Context, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	rows, err := s.query(ctx, s.conn, "SELECT r.rolname FROM pg_catalog.pg_roles r")
	if err != nil {
		return nil, err
	}
	var existing []string
	for _, word := range currentRoles {
		if slices.Contains(names, word) {
			existing = append(existing, word)
		}
	}
	for _, row := range rows {
		if slices.Contains(names, row[0].Text) {
			existing = append(existing, row[0].Text)
		}
	}
	return existing, nil
}

// RoleChanges returns what the statements of a script would do to roles that exist on the server. A role that does not exist
// yet is one that the scripts make themselves, and goes with the scratch databases.
func (s *Server) RoleChanges(ctx context.Context, src string, statements iter.Seq2[int, sqltext.Statement]) ([]RoleChange, error) {
	memberships := membershipsOf(src, statements)
	names := slices.Concat(sqltext.DroppedRoles(src), sqltext.AlteredRoles(src), sqltext.OwnedRoles(src))
	for _, m := range memberships {
		names = slices.Concat(names, m.Roles, m.Members)
	}
	existing, err := s.Roles(ctx, names)
	if err != nil || len(existing) == 0 {
		return nil, err
	}
	var changes []RoleChange
	for _, st := range statements {
		statement := src[st.Start:st.End]
		for _, found := range []struct {
			verb  string
			roles []string
		}{
			{"it drops role ", sqltext.DroppedRoles(statement)},
			{"it changes role ", sqltext.AlteredRoles(statement)},
			{"it drops or reassigns what is owned by role ", sqltext.OwnedRoles(statement)},
		} {
			for _, role := range found.roles {
				if slices.Contains(existing, role) {
					changes = append(changes, RoleChange{st.Start, found.verb + schema.QuoteIdent(role) + ", which exists on the server of the scratch databases"})
				}
			}
		}
	}
	changed, err := s.membershipChanges(ctx, memberships, existing)
	changes = append(changes, changed...)
	sort.SliceStable(changes, func(i, j int) bool { return changes[i].Start < changes[j].Start })
	return changes, err
}

func membershipsOf(src string, statements iter.Seq2[int, sqltext.Statement]) []sqltext.Outside {
	var found []sqltext.Outside
	for _, st := range statements {
		for _, o := range sqltext.OutsideOf(src, st) {
			if o.Effect == sqltext.Membership {
				found = append(found, o)
			}
		}
	}
	return found
}

// membershipChanges returns the memberships that change: of two roles that exist, unless the server has the membership already,
// or lacks the one that is revoked.
func (s *Server) membershipChanges(ctx context.Context, memberships []sqltext.Outside, existing []string) ([]RoleChange, error) {
	if len(memberships) == 0 {
		return nil, nil
	}
	rows, err := s.query(ctx, s.conn, `SELECT r.rolname, m.rolname FROM pg_catalog.pg_auth_members a
JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) a.roleid JOIN pg_catalog.pg_roles m ON m.oid OPERATOR(pg_catalog.=) a.member`)
	if err != nil {
		return nil, err
	}
	member := map[[2]string]bool{}
	for _, row := range rows {
		member[[2]string{row[0].Text, row[1].Text}] = true
	}
	var changes []RoleChange
	for _, m := range memberships {
		for _, role := range m.Roles {
			for _, to := range m.Members {
				if !slices.Contains(existing, role) || !slices.Contains(existing, to) {
					continue
				}
				has := member[[2]string{s.roleName(role), s.roleName(to)}]
				if has == m.Revoke || m.Options && !m.Revoke {
					text := "it makes " + schema.QuoteIdent(to) + " a member of role " + schema.QuoteIdent(role)
					if m.Revoke {
						text = "it takes membership in role " + schema.QuoteIdent(role) + " away from " + schema.QuoteIdent(to)
					}
					changes = append(changes, RoleChange{m.Start, text + ", and both exist on the server of the scratch databases"})
				}
			}
		}
	}
	return changes, nil
}

// roleName returns the role that a word stands for.
func (s *Server) roleName(word string) string {
	switch {
	case !slices.Contains(currentRoles, word):
		return word
	case word != "session_user" && s.options.Owner != "":
		return s.options.Owner
	}
	return s.cfg.User
}
