package sqltext

import "testing"

func TestSettingName(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"SET search_path TO a":                                       "search_path",
		"SET Search_Path = ''":                                       "search_path",
		"set local lock_timeout = '2s'":                              "lock_timeout",
		"SET SESSION statement_timeout TO 0":                         "statement_timeout",
		"SET /* x */ LOCAL -- y\n standard_conforming_strings = off": "standard_conforming_strings",
		`SET "Search_Path" TO a`:                                     "search_path",
		"SET my.Setting = 1":                                         "my.setting",
		`SET my . "Set""ting" = 1`:                                   `my.set"ting`,
		"SET a.b.c = 1":                                              "a.b.c",
		"SET search_path FROM CURRENT":                               "",
		"SET TIME ZONE 'UTC'":                                        "timezone",
		"SET LOCAL TIME ZONE LOCAL":                                  "timezone",
		"SET TimeZone = 'UTC'":                                       "timezone",
		"SET NAMES 'LATIN1'":                                         "client_encoding",
		"SET NAMES":                                                  "client_encoding",
		"SET client_encoding TO utf8":                                "client_encoding",
		"SET ROLE a":                                                 "role",
		"SET LOCAL ROLE NONE":                                        "role",
		"SET role TO a":                                              "role",
		"SET role.x = 1":                                             "role.x",
		"SET SESSION AUTHORIZATION a":                                "session_authorization",
		"SET LOCAL SESSION AUTHORIZATION DEFAULT":                    "session_authorization",
		"SET SESSION SESSION AUTHORIZATION a":                        "session_authorization",
		"SET session_authorization = a":                              "session_authorization",
		"SET SESSION ROLE a":                                         "role",
		"SET session.x = 1":                                          "session.x",
		"SET local.x = 1":                                            "local.x",
		"SET local = 1":                                              "local",
		"SET SCHEMA 'a'":                                             "search_path",
		"SET XML OPTION DOCUMENT":                                    "xmloption",
		"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY":       "",
		"SET TRANSACTION READ ONLY":                                  "",
		"SET transaction.x = 1":                                      "transaction.x",
		"SET transaction_read_only = on":                             "transaction_read_only",
		"SET CONSTRAINTS ALL DEFERRED":                               "",
		"SET":                                                        "",
		"SET LOCAL":                                                  "",
		"SET 'a' = 1":                                                "",
		"SET my.":                                                    "my",

		"RESET search_path":                 "search_path",
		"reset Role":                        "role",
		"RESET ALL":                         "all",
		"RESET SESSION AUTHORIZATION":       "session_authorization",
		"RESET TIME ZONE":                   "timezone",
		"RESET TRANSACTION ISOLATION LEVEL": "transaction_isolation",
		`RESET "My"."x"`:                    "my.x",
		"RESET":                             "",

		"SELECT set_config('search_path', '', false)":                     "search_path",
		"SELECT pg_catalog.set_config('search_path', '', false)":          "search_path",
		"select Pg_Catalog . Set_Config ( 'Role' , 'a', true)":            "role",
		`SELECT "set_config"($$client_encoding$$, 'x', true)`:             "client_encoding",
		"SELECT 1, (SELECT set_config(E'lock_timeout', '1', true))":       "lock_timeout",
		"WITH a AS (SELECT set_config('a.b', '', false)) SELECT * FROM a": "a.b",
		"SELECT set_config($a$it's$a$, '', false)":                        "it's",
		"SELECT set_config('it''s', '', false)":                           "it's",
		"SELECT set_config(E'\\x61', '', false)":                          "",
		"SELECT set_config('a'\n'b', '', false)":                          "",
		"SELECT set_config(name, setting, false) FROM s":                  "",
		"SELECT 'set_config(''a'')'":                                      "",
		"SELECT set_config":                                               "",
		"SELECT set_config('":                                             "",
		"SELECT set_config($$":                                            "",
		"SELECT current_setting('a')":                                     "",
		"INSERT INTO set_config VALUES ('a')":                             "",
		"ALTER SYSTEM SET a = 1":                                          "",
		"CREATE FUNCTION f() RETURNS int SET search_path = a RETURN 1":    "",
		"'SET'":       "",
		`"SET" a = 1`: "",
	} {
		statements, _ := Split("-- x\n" + src)
		if got := SettingName("-- x\n"+src, statements[0]); got != want {
			t.Errorf("SettingName(%q) = %q, want %q", src, got, want)
		}
	}
}
