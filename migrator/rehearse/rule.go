package rehearse

// RuleInfo describes a rule.
type RuleInfo struct {
	Rule  Rule
	Title string // a short sentence without a period
	Help  string // what is found, why it matters and how to write it instead
	// Least and Worst are the severities that a finding can have, depending on the facts.
	Least, Worst Severity
}

// Rules returns all rules: those about what a statement does to others first, then those about down scripts and orders, then
// those about what revisions make.
func Rules() []RuleInfo {
	return []RuleInfo{
		{Locks, "Blocks others while a lock is held", "A statement locks a table against reads or writes, for a moment or for as long as later statements of the revision take. Put what takes long into a revision before it, so that the lock is held briefly.", Note, Danger},
		{Scans, "Reads a whole table while others wait", "A statement reads all rows of a table while it holds a lock that blocks others. Add constraints as NOT VALID and validate them in the next revision; build indexes CONCURRENTLY in a revision with transaction: off.", Note, Danger},
		{Rewrites, "Writes a whole table anew", "A statement writes a new copy of a table, or changes all of its rows in one transaction. Add a column, fill it in batches, and exchange the two.", Note, Danger},
		{Destroys, "Removes a table, a column or rows", "What is dropped cannot be restored by the down script, and programs that still use it fail. Drop it once no running version uses it, and acknowledge it with accept: destroys.", Note, Danger},
		{Renames, "Takes away a name that a running program may use", "While two versions of a program run, one of them uses the wrong name. Add the new name next to the old one, for example as a view or a second column.", Note, Danger},
		{Access, "Takes away what a role may use", "A program that connects with that role fails, or finds no rows: a privilege is revoked or was not granted again, the owner is another one, or row-level security hides rows. Create policies in the same revision, and revoke what no running program uses.", Note, Danger},
		{MayFail, "Fails if rows are not as expected", "A constraint or a type change that rows can violate fails in production although it succeeds on an empty table. Check the rows before, or add the constraint as NOT VALID.", Note, Danger},
		{LockOrder, "Locks tables in another order than others do", "Programs that use both tables can deadlock with one of two revisions that lock them in different orders, and an INSERT or a DELETE with a revision that locks both tables of a foreign key. Lock the tables in the same order, or in separate revisions.", Note, Danger},
		{NonTransactional, "Needs, or does not need, transaction: off", "Some statements cannot run inside a transaction, and a revision without transaction is not applied completely or not at all. Put such statements into revisions of their own.", Note, Danger},
		{EnumValue, "Uses an enum value in the transaction that adds it", "PostgreSQL refuses a new value of an enum type until the transaction that added it has committed. Use it in the next revision.", Warning, Danger},
		{MissingData, "Fails in the rehearsal because rows are missing", "The tables of a scratch database are empty but for what the revisions insert. Rehearse with a sample of the data.", Warning, Danger},
		{Fails, "Fails in the rehearsal", "The up script fails on the schema that the revisions before it make.", Danger, Danger},
		{Irreversible, "Has no down script", "A downgrade stops at the revision. Write a down script, or acknowledge it with accept: irreversible.", Warning, Danger},
		{NotInverse, "The down script does not restore what was there before", "After up and down, something is left, missing or different, or the revision cannot be applied again. The finding names the objects and what the down script lacks. Acknowledge it with accept: not-inverse.", Note, Danger},
		{Order, "Another order of the revisions gives another schema", "Two revisions of different branches do not commute: databases that got them in different orders differ, or one of them cannot be upgraded. Make one depend on the other, with depends_on or down_revision.", Warning, Danger},
		{SearchPath, "Names depend on the search_path of the caller", "A SECURITY DEFINER function without search_path can be made to use objects of its caller. A function that an index, a constraint or a generated column uses fails where pg_restore and maintenance commands run it with another search_path.", Note, Danger},
		{ForeignKeyIndex, "No index supports a foreign key", "A delete or an update of a key in the referenced table reads the whole referencing table. Create an index that begins with the columns of the foreign key.", Note, Warning},
		{InvalidIndex, "An index is invalid", "Queries do not use an invalid index, and every write maintains it. It is what a failed CREATE INDEX CONCURRENTLY leaves, or an index of a partitioned table that not every partition has.", Warning, Warning},
		{DuplicateIndex, "An index is superfluous", "Every write maintains two indexes of which one can do the work of both.", Note, Warning},
		{CutName, "A name is longer than 63 bytes", "The server cuts it, so that the object has another name than the file says, and two long names can become one.", Warning, Warning},
		{Notice, "The server says something", "A warning of the server, an object that exists already, or what CASCADE has dropped.", Note, Warning},
		{Accept, "A word of accept has no reason", "The header acknowledges something that the revision does not do. Remove the word.", Warning, Warning},
	}
}

// Info returns the description of a rule. One that is not known has its name as the title.
func (r Rule) Info() RuleInfo {
	for _, info := range Rules() {
		if info.Rule == r {
			return info
		}
	}
	return RuleInfo{Rule: r, Title: string(r), Help: string(r), Least: Note, Worst: Danger}
}
