// Import converts another tool's migrations into revision files.
//
//	go run ./scripts/import [flags] FROM DIR OUT
//
// FROM is alembic, dbmate, golang-migrate, goose or tern, DIR is its project, and OUT is the
// folder for the revisions, which is created if necessary. It also writes adopt.json, which
// maps the tool's versions to revisions. An import is all or nothing, never overwrites a
// file, and always makes the same files of the same project. Migrations that need manual
// work are listed. docs/adopting.md has the details.
package main
