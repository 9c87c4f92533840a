// Package scaffold writes a new Go project that embeds revisions and has this command
// line: what init writes.
package scaffold
