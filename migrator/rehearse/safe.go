package rehearse

import (
	"strings"

	"example.com/ambix/migrator/schema"
)

func quoteName(name string) string { return schema.QuoteIdent(name) }

// safeWork returns how to write a statement so that nobody waits while it works on all rows, "" if there is no other way.
func safeWork(st Statement, w Work) string {
	did := map[ChangeKind]Change{}
	for _, c := range st.Changes {
		if c.ID == w.ID {
			did[c.Kind] = c
		}
	}
	has := func(kind ChangeKind) bool { _, ok := did[kind]; return ok }
	switch w.Kind {
	case Build:
		return safeBuild(st, has)
	case Rewrite:
		return safeRewrite(st, w, has)
	case UpdateAll, UpdateSome, DeleteAll:
		return "change the rows in batches that commit, in a revision with transaction: off"
	}
	switch {
	case has(AddForeignKey):
		return "add the foreign key as NOT VALID, and VALIDATE CONSTRAINT in the next revision"
	case has(AddCheck):
		return "add the constraint as NOT VALID, and VALIDATE CONSTRAINT in the next revision"
	case has(SetNotNull):
		column := quoteName(did[SetNotNull].Name)
		return "add CHECK (" + column + " IS NOT NULL) NOT VALID, validate it in the next revision, and set NOT NULL in the one after that: it then reads nothing"
	case has(AddNotNull):
		return "give the column a constant default"
	case has(AttachPartition):
		return "first add a CHECK constraint with the bounds of the partition as NOT VALID, and validate it: attaching then reads nothing"
	}
	return ""
}

func safeBuild(st Statement, has func(ChangeKind) bool) string {
	switch {
	case strings.HasPrefix(st.Keywords, "CREATE"):
		return st.Keywords + " CONCURRENTLY, in a separate revision with transaction: off"
	case strings.HasPrefix(st.Keywords, "REINDEX"):
		return "REINDEX … CONCURRENTLY, in a separate revision with transaction: off"
	case has(AddUnique):
		return "CREATE UNIQUE INDEX CONCURRENTLY in a separate revision with transaction: off, then ADD CONSTRAINT … USING INDEX"
	case has(AddExclusion):
		return "there is no other way to add an exclusion constraint: run it when nobody needs the table"
	}
	return ""
}

func safeRewrite(st Statement, w Work, has func(ChangeKind) bool) string {
	switch {
	case has(ChangeType):
		return "add a column with the new type, keep both in step with a trigger, fill it in batches, and switch to it in a later release"
	case strings.Contains(w.Reason, "volatile"):
		return "add the column without a default, set the default, and fill the rows that exist in batches"
	case strings.HasPrefix(st.Keywords, "REFRESH"):
		return "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index"
	case strings.HasPrefix(st.Keywords, "VACUUM"):
		return "VACUUM without FULL does not block anybody"
	}
	return ""
}
