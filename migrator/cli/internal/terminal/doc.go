// Package terminal formats what a person sees: standard output, tables, colors, the log
// on standard error. It is the only package that writes to a terminal, and escapes text from
// elsewhere.
package terminal
