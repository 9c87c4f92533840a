// Package terminal formats what a person sees: standard output, tables, colours, the log
// on standard error, and text from elsewhere made safe to print.
package terminal
