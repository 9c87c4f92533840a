// Package migratortest gives tests databases with a program's revisions.
//
//	func TestOrders(t *testing.T) {
//		cfg := migratortest.New(t, files) // a database at head, for this test alone
//		…
//	}
//
//	func TestRevisions(t *testing.T) {
//		migratortest.Rehearse(t, files) // up, down and up again; what they would lock and destroy
//	}
//
// The revisions are applied once, in a template database. Each test gets a copy of it, so that the number of revisions does
// not matter. The template is shared by the test processes of all packages and by later runs, until the files change.
//
// The server is the first of these:
//
//  1. Config.URL, or TEST_DATABASE_URL: a role that may create databases, on a server for development or tests.
//  2. Config.Start, such as that of package dockertest, which starts a container.
//  3. The PostgreSQL that is installed on this machine, in the version TEST_PG_VERSION or else the newest. A private server is
//     started, which the test processes of all packages share. It stops 15 seconds after the last of them, however they end.
package migratortest
