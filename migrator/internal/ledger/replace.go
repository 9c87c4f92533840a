package ledger

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/name"
	"example.com/ambix/migrator/internal/sqltext"
)

// Replace returns the statements that exchange the rows of applied revisions for the row of the one that replaces them, and
// write the event, which names what that stands for. They fail with 22P02 unless all of them are there and applied.
func (t Tables) Replace(e Entry, replaced, standsFor []string, a Author) []string {
	return []string{
		fmt.Sprintf(`WITH d AS (DELETE FROM %s WHERE revision OPERATOR(pg_catalog.=) ANY (%s) AND state OPERATOR(pg_catalog.=) %s RETURNING 1)
SELECT CASE WHEN (SELECT pg_catalog.count(*) FROM d) OPERATOR(pg_catalog.=) %d THEN 1 ELSE `+failCast+` END`,
			t.Revisions(), Array(replaced), sqltext.QuoteLiteral(string(Applied)), len(replaced), "stale", backend),
		t.Stamp(e, a),
		t.Append(replaceEvent(e, standsFor), a),
	}
}

// inPlaceOf begins the detail of the event, which programs read that do not have the revision.
const inPlaceOf = "in the place of "

func replaceEvent(e Entry, replaced []string) Event {
	return Event{Action: Replaced, Revision: e.Revision, Message: e.Message, Detail: inPlaceOf + strings.Join(replaced, ", ")}
}

// ReadReplaced reads what was recorded in the place of what: rows of revision and detail, the last event of each revision.
func (t Tables) ReadReplaced(revisions []string) string {
	return fmt.Sprintf(`SELECT DISTINCT ON (revision) revision, detail FROM %s
WHERE action OPERATOR(pg_catalog.=) %s AND detail IS NOT NULL AND revision OPERATOR(pg_catalog.=) ANY (%s) ORDER BY revision, event DESC`,
		t.Events(), sqltext.QuoteLiteral(string(Replaced)), Array(revisions))
}

// ParseReplaced returns the revisions that a detail of ReadReplaced lists; nil if it is not one of ours.
func ParseReplaced(detail string) []string {
	list, ok := strings.CutPrefix(detail, inPlaceOf)
	if !ok {
		return nil
	}
	ids := strings.Split(list, ", ")
	for _, id := range ids {
		if fault, _ := name.Check(id); fault != name.None {
			return nil
		}
	}
	return ids
}

// ReplacedRevision is a revision that was replaced, with those that it had replaced itself.
type ReplacedRevision struct {
	Revision string
	Replaces []ReplacedRevision
}

// replaceSetting says whether the rows are exchanged, for the rest of the transaction.
const replaceSetting = "ambix.replace"

// ReplaceIfApplied is Replace for a script, which may run in a database that has the replaced revisions, or the one that
// replaces them.
func (t Tables) ReplaceIfApplied(e Entry, replaced []ReplacedRevision, a Author) []string {
	var all []string
	for _, r := range replaced {
		all = append(all, r.flat()...)
	}
	decided := "pg_catalog.current_setting('" + replaceSetting + "') OPERATOR(pg_catalog.=) 'true'"
	return []string{
		fmt.Sprintf("SELECT pg_catalog.set_config('%s', (%s AND NOT EXISTS (SELECT FROM %s WHERE revision OPERATOR(pg_catalog.=) %s))::pg_catalog.text, true)",
			replaceSetting, t.allApplied(replaced), t.Revisions(), sqltext.QuoteLiteral(e.Revision)),
		fmt.Sprintf("DELETE FROM %s WHERE revision OPERATOR(pg_catalog.=) ANY (%s) AND %s", t.Revisions(), Array(all), decided),
		t.insertIf(e, Applied, decided, a),
		t.appendIf(replaceEvent(e, all), decided, a),
	}
}

func (r ReplacedRevision) flat() []string {
	ids := []string{r.Revision}
	for _, inner := range r.Replaces {
		ids = append(ids, inner.flat()...)
	}
	return ids
}

// allApplied is an SQL condition: each of the revisions is applied, or all that it replaces.
func (t Tables) allApplied(list []ReplacedRevision) string {
	var plain, conditions []string
	for _, r := range list {
		if len(r.Replaces) == 0 {
			plain = append(plain, r.Revision)
			continue
		}
		conditions = append(conditions, "("+t.countApplied([]string{r.Revision})+" OR "+t.allApplied(r.Replaces)+")")
	}
	if len(plain) > 0 {
		conditions = append([]string{t.countApplied(plain)}, conditions...)
	}
	return "(" + strings.Join(conditions, " AND ") + ")"
}

func (t Tables) countApplied(ids []string) string {
	return fmt.Sprintf("(SELECT pg_catalog.count(*) FROM %s WHERE revision OPERATOR(pg_catalog.=) ANY (%s) AND state OPERATOR(pg_catalog.=) %s) OPERATOR(pg_catalog.=) %d",
		t.Revisions(), Array(ids), sqltext.QuoteLiteral(string(Applied)), len(ids))
}
