// Benchmark compares ambix with psql and with other migration tools.
//
// It writes the same revisions in the format of each tool, runs the tools in turn on one
// server, and prints a table of the results. scripts/bench runs it, and usage.txt lists its
// flags; docs/performance.md contains the last table and explains it.
package main
