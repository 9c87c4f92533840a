// Package exampletest builds and runs the programs in examples. The tests are not next to the programs because only packages below
// migrator may import pgtest.
package exampletest
