package report

import (
	"strings"

	"example.com/ambix/migrator/internal/markup"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// maxSQL is how many bytes of a script a page shows.
const maxSQL = 64 << 10

// script writes a script with its file and its SQL.
func script(w *markup.Writer, title string, s *revision.Script) {
	w.Start("h3")
	w.Text(title)
	w.Element("span", s.File, markup.Literal("class", "file"))
	notes := []string{text.Count(s.StatementCount(), "statement")}
	if !s.Transactional {
		notes = append(notes, "non-transactional")
	}
	if s.LockTimeout != nil {
		notes = append(notes, "lock_timeout "+revision.FormatDuration(*s.LockTimeout))
	}
	if s.StatementTimeout != nil {
		notes = append(notes, "statement_timeout "+revision.FormatDuration(*s.StatementTimeout))
	}
	w.Element("span", strings.Join(notes, ", "), markup.Literal("class", "note"))
	w.End()
	if !s.InMemory() {
		w.Element("p", "The script is large and not shown; it is in its file.", markup.Literal("class", "note"))
		return
	}
	sql := strings.Trim(s.SQL(), "\r\n")
	if strings.TrimSpace(sql) == "" {
		w.Element("p", "The script has no SQL.", markup.Literal("class", "note"))
		return
	}
	shown := sql
	if len(sql) > maxSQL {
		shown = sql[:strings.LastIndexByte(sql[:maxSQL], '\n')+1]
		if shown == "" {
			shown = strings.ToValidUTF8(sql[:maxSQL], "")
		}
	}
	w.Start("pre", markup.Literal("tabindex", "0"), markup.Attr("aria-label", "SQL of "+s.File))
	w.Start("code")
	highlight(w, shown, true)
	w.End()
	w.End()
	if more := len(sql) - len(shown); more > 0 {
		w.Element("p", text.Count(more, "more byte")+" are not shown; they are in the file.", markup.Literal("class", "note"))
	}
}

// highlight writes SQL with its tokens marked. The bodies of functions are SQL too.
func highlight(w *markup.Writer, sql string, bodies bool) {
	for t := range sqltext.Tokens(sql) {
		s := sql[t.Start:t.End]
		class := ""
		switch t.Kind {
		case sqltext.Comment:
			class = "c"
		case sqltext.String:
			class = "s"
		case sqltext.QuotedName:
			class = "q"
		case sqltext.Number, sqltext.Param:
			class = "n"
		case sqltext.MetaCommand, sqltext.CopyData:
			class = "m"
		case sqltext.Word:
			if len(s) <= len("CHARACTERISTICS") && keywords[strings.ToUpper(s)] {
				class = "k"
			}
		case sqltext.Dollar:
			if bodies && dollarBody(w, s) {
				continue
			}
			class = "s"
		}
		if class == "" {
			w.Text(s)
		} else {
			w.Element("span", s, markup.Attr("class", class))
		}
	}
}

// dollarBody writes a dollar-quoted string that has several lines as the body of a function.
func dollarBody(w *markup.Writer, s string) bool {
	end := strings.IndexByte(s[1:], '$') + 2
	tag := s[:end]
	if !strings.Contains(s, "\n") || len(s) < 2*len(tag) || !strings.HasSuffix(s, tag) {
		return false
	}
	w.Element("span", tag, markup.Literal("class", "s"))
	highlight(w, s[end:len(s)-end], false)
	w.Element("span", tag, markup.Literal("class", "s"))
	return true
}

// keywords are the words that begin or structure statements. Names of types and functions are not
// among them.
var keywords = func() map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(`ADD AFTER ALL ALTER ALWAYS ANALYZE AND ANY AS ASC AT ATOMIC ATTACH BEFORE BEGIN BETWEEN BY CALL CASCADE
CASE CAST CHECK CLUSTER COLLATE COLUMN COLUMNS COMMENT COMMIT CONCURRENTLY CONFLICT CONSTRAINT COPY CREATE CROSS CURRENT CYCLE DATABASE
DECLARE DEFAULT DEFERRABLE DEFERRED DELETE DESC DETACH DISABLE DISTINCT DO DOMAIN DROP EACH ELSE ELSIF ENABLE END ENUM EXCEPT EXCEPTION
EXCLUDE EXECUTE EXISTS EXPLAIN EXTENSION EXTERNAL FALSE FETCH FILTER FIRST FOR FOREACH FOREIGN FROM FULL FUNCTION GENERATED GRANT GROUP
HAVING IDENTITY IF ILIKE IMMEDIATE IMMUTABLE IN INCLUDE INDEX INHERIT INHERITS INITIALLY INNER INSERT INSTEAD INTERSECT INTO INVOKER IS
JOIN KEY LANGUAGE LAST LATERAL LEFT LIKE LIMIT LIST LOCK LOGGED LOOP MATCH MATERIALIZED MERGE NATURAL NEW NO NOT NOTHING NOTICE NOTIFY
NULL NULLS OF OFFSET OLD ON ONLY OPERATOR OPTION OPTIONS OR ORDER OTHERS OUTER OVER OVERRIDING OWNED OWNER PARTITION PERFORM POLICY
PRECEDING PRIMARY PRIVILEGES PROCEDURE PUBLIC PUBLICATION RAISE RANGE RECURSIVE REFERENCES REFRESH REINDEX RENAME REPLACE RESET RESTRICT
RETURN RETURNING RETURNS REVOKE RIGHT ROLE ROLLBACK ROW ROWS RULE SCHEMA SECURITY SELECT SEQUENCE SERVER SET SHARE SIMILAR SKIP STABLE
STATEMENT STATISTICS STORAGE STORED STRICT SYSTEM TABLE TABLESPACE TEMPORARY THEN TO TRANSACTION TRIGGER TRUE TRUNCATE TYPE UNBOUNDED
UNION UNIQUE UNLOGGED UPDATE USING VACUUM VALID VALIDATE VALUE VALUES VIEW VIRTUAL VOLATILE WHEN WHERE WHILE WINDOW WITH WITHIN WITHOUT
YIELD ZONE DEFINER`) {
		set[word] = true
	}
	return set
}()
