// Package importer converts another tool's migrations into revision files. It writes them
// together with adopt.json, which maps the tool's versions to revisions. An import is all or
// nothing, never overwrites a file, and always makes the same files of the same project.
// Migrations that need manual work are listed. docs/adopting.md has the details.
package importer
