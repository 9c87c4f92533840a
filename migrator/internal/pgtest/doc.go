// Package pgtest provides PostgreSQL servers for tests: one server per test binary and one
// database per test, and for tests that break things, private servers, standbys, a pooler,
// and a proxy that injects network faults.
//
// The server shared by all tests of a binary is the first of these that is available:
//
//  1. TEST_DATABASE_URL: a server where that user may create databases.
//  2. Docker, through dockertest, if an engine answers and has or can pull an image.
//  3. PostgreSQL installed on this machine, started privately.
//
// TEST_PG_VERSION asks for a major version; TEST_PG_SOURCE ("docker" or "local") selects one
// of the last two. If there is no server, every test that asks for one fails. Everything
// that was started ends with the test process, even if that is killed.
package pgtest
