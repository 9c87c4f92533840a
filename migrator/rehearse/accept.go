package rehearse

import (
	"slices"

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
	return a.Word == f.Accept.Word && a.Names(f.Accept.Object)
}
