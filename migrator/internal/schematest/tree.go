package schematest

import (
	"fmt"

	"pgregory.net/rapid"
)

// RandomTree returns the statements that make a random partition tree of up to three levels, all with the same names: tables are
// partitions or not, have bounds of one strategy or another, and indexes, keys, checks, defaults and triggers at any level. The server
// may refuse them.
func RandomTree(r *rapid.T, major int) string {
	g := &generator{T: r, major: major}
	g.add("CREATE TABLE other (id int PRIMARY KEY)")
	g.add("CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
	g.treeTable("r", "", g.pick("range", "list", "hash"), 2)
	if g.chance(20) {
		g.add("CREATE TABLE referrer (k int, id int, v int, FOREIGN KEY (k, id, v) REFERENCES r (k, id, v))")
	}
	return g.sql.String()
}

// treeTable makes a table, which is partitioned by a strategy or is a leaf, with what belongs to it and the tables below.
func (g *generator) treeTable(name, partitionOf, strategy string, levels int) {
	by, column := "", [...]string{"v", "id", "k"}[levels]
	if strategy != "" {
		by = fmt.Sprintf(" PARTITION BY %s (%s)", strategy, column)
	}
	if partitionOf == "" {
		g.add("CREATE TABLE %s (k int NOT NULL%s, id int NOT NULL, v int%s, s text%s)%s", name, g.pick("", " DEFAULT 1"), g.pick("", " NOT NULL"), g.pick("", " DEFAULT 'x'"), by)
	} else {
		g.add("CREATE TABLE %s %s%s", name, partitionOf, by)
	}
	if g.chance(30) {
		g.add("CREATE INDEX %s ON %s (%s)", g.pick(name+"_i", ""), name, [...]string{"v", "s", "v, s"}[levels])
	}
	if g.chance(25) {
		g.add("ALTER TABLE %s ADD UNIQUE (k, id, v%s)", name, [...]string{", s", "", ""}[levels])
	}
	if partitionOf == "" && g.chance(30) { // which of two equal keys of a partition is that of its parent is up to the server
		g.add("ALTER TABLE %s ADD FOREIGN KEY (v) REFERENCES other%s", name, g.pick("", " ON DELETE CASCADE"))
	}
	if g.chance(20) {
		g.add("ALTER TABLE %s ADD CONSTRAINT %s_c CHECK (v %s 0)", name, name, g.pick(">", "<>"))
	}
	if g.chance(20) {
		g.add("ALTER TABLE %s ALTER s SET DEFAULT '%s'", name, name)
	}
	if g.chance(15) {
		g.add("CREATE TRIGGER %s_t BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION trg()", name, name)
	}
	if strategy == "" {
		return
	}
	for i := 1; i <= 3; i++ {
		child, below := fmt.Sprintf("%s%d", name, i), ""
		if levels > 1 && g.chance(40) {
			below = g.pick("range", "list", "hash")
		}
		switch g.pick("partition", "partition", "alone", "none") {
		case "partition":
			g.treeTable(child, "PARTITION OF "+name+" "+g.bound(strategy, i), below, levels-1)
		case "alone":
			g.treeTable(child, "", below, levels-1)
		}
	}
}

func (g *generator) bound(strategy string, i int) string {
	switch {
	case strategy == "hash":
		return fmt.Sprintf("FOR VALUES WITH (MODULUS 3, REMAINDER %d)", i-1)
	case i == 3 && g.chance(50):
		return "DEFAULT"
	case strategy == "list":
		return fmt.Sprintf("FOR VALUES IN (%d%s)", i, g.pick("", fmt.Sprintf(", %d", 10*i)))
	}
	return fmt.Sprintf("FOR VALUES FROM (%d) TO (%d)", 10*i, 10*i+5+rapid.IntRange(0, 1).Draw(g.T, "to")*5)
}
