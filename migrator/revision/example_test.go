package revision_test

import (
	"errors"
	"fmt"
	"testing/fstest"

	"example.com/ambix/migrator/revision"
)

func ExampleLoad() {
	files := fstest.MapFS{
		"2021-11-20_433af9f41996_create_account.up.sql": {Data: []byte(`-- create table account
--
-- revision: 433af9f41996
-- down_revision:

CREATE TABLE account (id bigint PRIMARY KEY);
CREATE TABLE session (account_id bigint REFERENCES account);
`)},
		"2021-11-20_433af9f41996_create_account.down.sql": {Data: []byte(`DROP TABLE session, account;
`)},
		"2021-11-22_b6a90f3e71cd_index_session.up.sql": {Data: []byte(`-- index sessions by account
--
-- revision: b6a90f3e71cd
-- down_revision: 433af9f41996
-- transaction: off
-- lock_timeout: 1s

CREATE INDEX CONCURRENTLY session_account_id ON session (account_id);
`)},
	}
	revisions, problems, err := revision.Load(files, "sql")
	if err := errors.Join(err, problems.Err()); err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range revisions {
		fmt.Printf("%s after %v: %s\n", r.ID, r.DownRevision, r.Subject())
		fmt.Printf("  statements: %d, transactional: %t, reversible: %t\n", len(r.Up.Statements()), r.Up.Transactional, r.Reversible())
	}
	// Output:
	// 433af9f41996 after []: create table account
	//   statements: 2, transactional: true, reversible: true
	// b6a90f3e71cd after [433af9f41996]: index sessions by account
	//   statements: 1, transactional: false, reversible: false
}

func ExampleLoad_problems() {
	files := fstest.MapFS{"coupon.up.sql": {Data: []byte(`-- add coupon
--
-- revison: 8d21c4e0b7f3
-- down_revision: 433af9f41996, 433af9f41996

CREATE TABLE coupon (code text PRIMARY KEY);
CREATE INDEX CONCURRENTLY coupon_code ON coupon (code);
`)}}
	_, problems, err := revision.Load(files, "sql")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range problems {
		fmt.Println(p)
	}
	// Output:
	// sql/coupon.up.sql:3:4: unknown key "revison": did you mean "revision"?
	// sql/coupon.up.sql:4:33: down_revision: "433af9f41996" is listed twice
	// sql/coupon.up.sql:7:14: CREATE INDEX CONCURRENTLY cannot run inside a transaction block: add the line "-- transaction: off" to the header
}

func ExampleRevision_Format() {
	r := &revision.Revision{
		ID:           "b6a90f3e71cd",
		Message:      "index sessions by account",
		DownRevision: []string{"433af9f41996"},
		Up:           revision.NewScript("CREATE INDEX ON session (account_id);\n"),
	}
	up, _ := r.Format()
	fmt.Print(up)
	// Output:
	// -- index sessions by account
	// --
	// -- revision: b6a90f3e71cd
	// -- down_revision: 433af9f41996
	// -- branch_labels:
	// -- depends_on:
	//
	// CREATE INDEX ON session (account_id);
}

func ExampleParseDuration() {
	for _, s := range []string{"1h30m", "500ms", "5"} {
		d, err := revision.ParseDuration(s)
		fmt.Println(d, err)
	}
	// Output:
	// 1h30m0s <nil>
	// 500ms <nil>
	// 0s duration "5": missing unit: write 5ms, 5s, 5min or 5h
}
