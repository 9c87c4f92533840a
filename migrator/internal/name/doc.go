// Package name contains the rules for ids of revisions and branch labels. They are the same for both, because an id and a
// label can be written in the same places.
package name
