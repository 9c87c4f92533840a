// Package revision reads, checks and writes revision files.
//
// # Files
//
// A revision is a pair of files with a common stem, STEM.up.sql and STEM.down.sql, at any depth below a folder. The up
// script applies the revision, the down script reverts it. Without a down file the revision is irreversible; a down file
// without SQL reverts nothing. The stem has no meaning: the order of revisions follows from their headers.
//
// Each file begins with a header of comment lines, up to the first line that is not a "--" comment. It consists of a
// message, a bare "--" line, and one "-- key: value" line for each key:
//
//	-- create table account
//	--
//	-- revision: 433af9f41996
//	-- down_revision:
//	-- created: 2021-11-20T19:17:01Z
//
//	CREATE TABLE account (id bigint PRIMARY KEY);
//
// The keys, in any order, each at most once:
//
//	revision           the id of the revision; required
//	down_revision      the parents: none for a base, one, or several for a merge; required
//	branch_labels      names of the branch that begins with the revision
//	depends_on         ids or labels of other revisions that must be applied before
//	created            a time as 2021-11-20T19:17:01Z
//	accept             findings that the author acknowledges: irreversible, or destroys, rewrites,
//	                   scans or locks, each with an object
//	transaction        on (the default), or off for statements that cannot run in a transaction
//	lock_timeout       a duration as 500ms, 5s, 10min or 1h30m; 0s is no limit
//	statement_timeout  likewise
//
// Lists are separated by commas, and an empty value means none. A down file may omit the header. Of the keys it may have
// revision, which must be that of the up file, and the last three, which apply to its own script. A header without a
// message begins with a key.
//
// The rest of the file is the script: SQL as psql -f accepts it, including COPY … FROM stdin with its rows. It is never
// altered. It must not contain transaction control (BEGIN, COMMIT, ROLLBACK …), psql meta-commands, or, unless the header
// has "transaction: off", commands that cannot run inside a transaction block.
//
// # Problems
//
// [Load] and [Parse] report everything that is wrong with the files at once, as [Problems] with a file, line and column.
// What shows only when all revisions are seen together (an id or a label that is used twice, a parent that does not exist,
// a cycle) is for package graph to find.
package revision
