package rehearse

// Size is the size of a table, or of a partitioned table with its partitions. The zero value is not known.
type Size struct {
	Known bool
	Bytes int64 // with its TOAST table, without its indexes
	Rows  int64 // an estimate
}
