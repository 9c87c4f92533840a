package importtest

// step is a migration of the scenario.
type step struct {
	name, up, down string
	noTransaction  bool
}

// scenario is what every tool that uses SQL files migrates. It contains what they split,
// replace or send differently: semicolons, quotes, dollar signs, non-transactional statements.
var scenario = []step{
	{
		"create account",
		"CREATE TYPE kind AS ENUM ('person', 'company');\nCREATE TABLE account (\n\tid bigserial PRIMARY KEY,\n\tname varchar(50) NOT NULL DEFAULT 'a;b',\n\tkind kind NOT NULL DEFAULT 'person' -- a comment; with a semicolon\n);\nCOMMENT ON TABLE account IS '100 % of ''them'', $1 and :name, C:\\temp, é — 日本';",
		"DROP TABLE account;\nDROP TYPE kind;", false,
	},
	{
		"keep history",
		"CREATE TABLE history (at timestamptz, what text);\n\nCREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $body$\nBEGIN\n\t-- a tab; and \"quotes\"\n\tINSERT INTO history VALUES ('2021-01-01', NEW.name || ';' || $$;$$);\n\tRETURN NEW;\nEND;\n$body$;\n\nCREATE TRIGGER remember BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION remember();",
		"DROP TRIGGER remember ON account;\nDROP FUNCTION remember();\nDROP TABLE history;", false,
	},
	{
		"add some accounts",
		"INSERT INTO account (name, kind) VALUES ('it''s me', 'person'), (E'tab\\there', 'company');\nUPDATE account SET name = name || '%' WHERE kind = 'company';",
		"DELETE FROM account;", false,
	},
	{"index account name", "CREATE INDEX CONCURRENTLY account_name ON account (name)", "DROP INDEX CONCURRENTLY account_name", true},
	{"create view", "SET statement_timeout = '1min';\nCREATE VIEW public.names AS SELECT name FROM public.account WHERE name LIKE '%;%';", "DROP VIEW public.names;", false},
}
