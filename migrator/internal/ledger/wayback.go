package ledger

// WaysBack reads what stands for the stored ways back: rows of revision, down_options and
// the SHA-256 of down_sql in hex, without the irreversible ones.
func (n Name) WaysBack() string {
	return "SELECT revision, down_options, pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(down_sql, 'UTF8')), 'hex') FROM " + n.Revisions() + " WHERE down_sql IS NOT NULL"
}
