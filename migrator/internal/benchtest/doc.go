// Package benchtest runs scripts/benchmark on a small scale, to test that it measures what it
// reports. It is not next to the program because only packages below migrator may import
// pgtest.
package benchtest
