// Package tests has tests with a database of their own for each: on the server of TEST_DATABASE_URL, or on one that is started
// from the PostgreSQL on this machine.
package tests
