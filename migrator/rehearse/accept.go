package rehearse

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/revision"
)

// Acknowledge marks the findings that the headers of the revisions accept, and leaves out what matters to nobody. It adds a
// finding for each acceptance that stands for nothing that the revision does. An acceptance names the object as the finding
// does, or without its schema: account.nickname is public.account.nickname too. The words in except were not looked for.
func Acknowledge(found []Finding, revisions []*revision.Revision, except ...string) []Finding {
	var all []Finding
	for _, r := range revisions {
		needed := map[revision.Acceptance]bool{}
		for _, f := range found {
			if f.Revision != r.ID {
				continue
			}
			for _, a := range r.Accept {
				if accepts(a, f) {
					f.Accepted, needed[a] = true, true
				}
			}
			if f.Severity > 0 {
				all = append(all, f)
			}
		}
		for _, a := range r.Accept {
			if !needed[a] && !slices.Contains(except, a.Word) {
				all = append(all, Finding{
					Rule: Accept, Severity: Warning, Revision: r.ID, Pos: r.Pos("accept", a.String()), Object: a.Object,
					Text: "accept: " + a.String() + " is not needed: the revision does nothing of the kind", Safe: "remove it from the header",
				})
			}
		}
	}
	for _, f := range found {
		known := slices.ContainsFunc(revisions, func(r *revision.Revision) bool { return r.ID == f.Revision })
		if !known && f.Severity > 0 {
			all = append(all, f)
		}
	}
	return all
}

// accepts reports whether an acceptance is for a finding.
func accepts(a revision.Acceptance, f Finding) bool {
	if a.Word != f.Accept.Word {
		return false
	}
	object := foldName(a.Object)
	return object == f.Accept.Object || strings.HasSuffix(f.Accept.Object, "."+object) && isQualification(strings.TrimSuffix(f.Accept.Object, "."+object))
}

// isQualification reports whether a text is a single name, such as that of a schema.
func isQualification(name string) bool {
	if strings.HasPrefix(name, `"`) {
		return strings.Count(name, `"`)%2 == 0
	}
	return !strings.Contains(name, ".")
}

// foldName returns a name with what is not quoted in lower case, as the server reads it.
func foldName(name string) string {
	parts := strings.Split(name, `"`)
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.ToLower(parts[i])
	}
	return strings.Join(parts, `"`)
}
