package main

import (
	"testing"

	"example.com/ambix/migrator/dbenv"
)

// What names nothing must not be taken for a mistake, nor a mistake for nothing: the
// first makes quickstart start a server of its own.
func TestNamesNothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		environ []string
		want    bool
	}{
		{"nothing set", []string{"HOME=/"}, true},
		{"a password alone", []string{"DB_PASS=s3cret"}, true},
		{"a database", []string{"DB_NAME=store"}, false},
		{"a host without a database", []string{"DB_HOST=db.example.com"}, false},
		{"a port that is none", []string{"DB_NAME=store", "DB_PORT=many"}, false},
		{"no URL", []string{"DATABASE_URL=::"}, false},
		{"libpq's", []string{"PGDATABASE=store"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := dbenv.Options{Environ: test.environ}.Config()
			if got := namesNothing(err); got != test.want {
				t.Errorf("%t, want %t: %v", got, test.want, err)
			}
		})
	}
}
