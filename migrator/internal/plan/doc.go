// Package plan combines revision files with the rows of a ledger, and turns a target into
// ordered steps. It does no I/O.
package plan
