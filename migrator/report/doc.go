// Package report writes what is known of a set of revisions and of a database for people to
// look at: a [Graph] as a picture (SVG, Mermaid, Graphviz), and a [Report] as an HTML page.
//
// Both are values that a program can also make or change by itself. Text of others in them
// (messages, SQL, names of roles) may contain anything: it is escaped for each format, and
// characters that cannot be seen are written as escapes of Go. Pictures and pages refer to
// nothing outside of them.
package report
