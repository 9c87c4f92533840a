// Package pgserver finds the PostgreSQL binaries of this machine and starts servers from them, for tests.
//
// A server belongs to the process that started it ([OpenHome]), or is shared by the test processes of a user ([Shared]). Both
// end without anybody's help, also if the test processes are killed: a keeper, which is a small shell script in a process of
// its own, stops the server and removes its folder.
package pgserver
