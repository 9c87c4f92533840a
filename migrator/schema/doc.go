// Package schema represents a database's schema as values: objects with facts and dependencies. It compares two schemas,
// computes fingerprints, and applies renames. It needs no server; package catalog reads a schema from one.
//
// # Objects
//
// An object is a [Key] and a set of facts: a name and a text each. There is no struct for each kind of object, so
// comparing, hashing and "what changed" are one loop each. Columns and column defaults are objects too, because
// dependencies end at columns. Owner, privileges, comment and security labels are facts of their object that belong to a
// [Facet] and can be left out.
//
// Whatever the server creates implicitly is not an object but part of the object that it was created for: the index of a
// primary key, the sequence of an identity column, array and row types, multiranges, the rule _RETURN of a view, TOAST
// tables, and the foreign keys and triggers that it copies to partitions.
//
// # Equality
//
// Two objects are equal if their facts are. Facts are written so that two databases that behave alike have equal ones:
//
//   - A fact is absent if its value is the default: that of the type for storage, collation and compression, that of the
//     server for persistence, sequence options and the names of NOT NULL constraints.
//   - Privileges are the difference from the default of their kind; see [Privileges].
//   - Cast arrays are written in one way; see [NormalText]. The name of a constant in an inner SELECT that is the name of its
//     type does not count.
//   - The order of a table's columns is not a fact, because adding and dropping columns cannot preserve it. It is the order
//     of [Object.Parts].
//   - Sequence positions, statistics, rows, and whether a materialized view has rows are not read.
//   - The schema public is not an object: it is never created or dropped, and its owner and privileges differ by version.
//   - The version of an extension is not compared, and its members are not objects.
//
// Expressions and queries are text that the server prints, and PostgreSQL 14 and 16 print some of them in another way than
// the version before. Equal text means the same on every version. Different text from servers of different text classes
// ([TextClass]) is reported as not comparable, not as different.
package schema
