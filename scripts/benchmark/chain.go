package main

import "fmt"

// change is one small revision with one statement in each direction.
type change struct {
	id             string
	name, up, down string
}

// chain returns n changes of common kinds, five for each table.
func chain(n int) []change {
	changes := make([]change, n)
	for i := range changes {
		t := fmt.Sprintf("item_%05d", i/5)
		c := &changes[i]
		c.id = fmt.Sprintf("c%011x", i)
		switch i % 5 {
		case 0:
			c.name = "create " + t
			c.up = "CREATE TABLE " + t + " (id bigint PRIMARY KEY, name text NOT NULL)"
			c.down = "DROP TABLE " + t
		case 1:
			c.name = "add price to " + t
			c.up = "ALTER TABLE " + t + " ADD COLUMN price numeric(10, 2) NOT NULL DEFAULT 0"
			c.down = "ALTER TABLE " + t + " DROP COLUMN price"
		case 2:
			c.name = "index names of " + t
			c.up = "CREATE INDEX " + t + "_name ON " + t + " (name)"
			c.down = "DROP INDEX " + t + "_name"
		case 3:
			c.name = "fill " + t
			c.up = "INSERT INTO " + t + " (id, name) VALUES (1, 'first'), (2, 'second')"
			c.down = "DELETE FROM " + t
		case 4:
			c.name = "check prices of " + t
			c.up = "ALTER TABLE " + t + " ADD CONSTRAINT " + t + "_price CHECK (price >= 0)"
			c.down = "ALTER TABLE " + t + " DROP CONSTRAINT " + t + "_price"
		}
	}
	return changes
}

// countTables counts the tables that a chain creates.
const countTables = "SELECT count(*) FROM pg_catalog.pg_class WHERE relkind = 'r' AND relname ~ '^item_[0-9]+$'"

func tables(n int) int { return (n + 4) / 5 }
