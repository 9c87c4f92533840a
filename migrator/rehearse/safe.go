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
		return safeBuild(st, w, has)
	case Rewrite:
		return safeRewrite(st, w, has)
	case UpdateAll, UpdateSome, DeleteAll:
		return "change the rows in batches that commit, in a revision with transaction: off"
	case LockRows:
		return "lock the rows in batches that commit, in a revision with transaction: off"
	}
	switch {
	case has(AddForeignKey) && w.Relation.Kind == PartitionedTable:
		return "add the foreign key to each partition as NOT VALID, validate these in the next revision, and add it to " + w.Name + " in the one after that: it then reads nothing"
	case has(AddForeignKey):
		return "add the foreign key as NOT VALID, and VALIDATE CONSTRAINT in the next revision"
	case has(AddCheck):
		return "add the constraint as NOT VALID, and VALIDATE CONSTRAINT in the next revision"
	case has(ValidateCheck):
		return "VALIDATE CONSTRAINT in the next revision: it then blocks nobody"
	case has(SetNotNull):
		column := quoteName(did[SetNotNull].Name)
		return "add CHECK (" + column + " IS NOT NULL) NOT VALID, validate it in the next revision, and set NOT NULL in the one after that: it then reads nothing"
	case has(SetNewNotNull):
		return "write NOT NULL where the column is added with its default: that reads nothing"
	case has(AddNotNull):
		return "give the column a constant default"
	case has(AttachPartition):
		return "first add a CHECK constraint with the bounds of the partition as NOT VALID, and validate it: attaching then reads nothing"
	case strings.HasPrefix(st.Keywords, "ALTER DOMAIN"):
		return "add the constraint as NOT VALID, and VALIDATE CONSTRAINT in a later revision; before PostgreSQL 18 that blocks writes too"
	}
	return ""
}

func safeBuild(st Statement, w Work, has func(ChangeKind) bool) string {
	partitioned := w.Relation.Kind == PartitionedTable
	switch {
	case strings.HasPrefix(st.Keywords, "CREATE") && partitioned:
		return st.Keywords + " ON ONLY " + w.Name + ", then CONCURRENTLY on each partition in a separate revision with transaction: off, and ALTER INDEX … ATTACH PARTITION"
	case strings.HasPrefix(st.Keywords, "CREATE"):
		return st.Keywords + " CONCURRENTLY, in a separate revision with transaction: off"
	case strings.HasPrefix(st.Keywords, "REINDEX"):
		return "REINDEX … CONCURRENTLY, in a separate revision with transaction: off"
	case has(AddUnique) && partitioned:
		return "add the constraint to ONLY " + w.Name + " and to each partition USING an INDEX that was built CONCURRENTLY, and ALTER INDEX … ATTACH PARTITION"
	case has(AddUnique):
		return "CREATE UNIQUE INDEX CONCURRENTLY in a separate revision with transaction: off, then ADD CONSTRAINT … USING INDEX"
	case has(AddExclusion):
		return "there is no other way to add an exclusion constraint: run it when nobody needs the table"
	}
	return ""
}

func safeRewrite(st Statement, w Work, has func(ChangeKind) bool) string {
	first, _, _ := strings.Cut(st.Keywords, " ")
	switch {
	case has(ChangeType):
		return "add a column with the new type, keep both in step with a trigger, fill it in batches, and switch to it in a later release"
	case strings.Contains(w.Reason, "volatile"):
		return "add the column without a default, set the default, and fill the rows that exist in batches"
	case strings.Contains(w.Reason, "generated"):
		return "add a plain column, keep it up to date with a trigger, and fill it in batches"
	case first == "REFRESH":
		return "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index"
	case first == "VACUUM":
		return "VACUUM without FULL does not block anybody; pg_repack makes a table smaller while it is used"
	case first == "CLUSTER":
		return "pg_repack does it while the table is used"
	case w.Reason != "":
		return "there is no other way: run it when nobody needs the table"
	}
	return ""
}
