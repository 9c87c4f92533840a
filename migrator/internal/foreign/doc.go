// Package foreign reads the version tables of other migration tools: SQL text out, rows
// of text back in. It never talks to a server.
package foreign
