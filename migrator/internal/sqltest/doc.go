// Package sqltest is for tests only: it checks that statements do not depend on the
// search_path.
package sqltest
