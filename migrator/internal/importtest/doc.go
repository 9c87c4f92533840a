// Package importtest tests `ambix import` with the other tools themselves. Each tool creates a
// project and migrates a database with it; the imported revisions migrate another database,
// and both must have the same content. The tests are not next to the program because only
// packages below migrator may import pgtest.
package importtest
