package lanes

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the pictures in testdata")

// parse reads nodes, one per line, newest first: "id: down revisions; dependencies".
func parse(t testing.TB, text string) []Node {
	t.Helper()
	var nodes []Node
	for line := range strings.Lines(text) {
		id, links, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			t.Fatalf("no colon: %q", line)
		}
		down, depends, _ := strings.Cut(links, ";")
		nodes = append(nodes, Node{id, strings.Fields(down), strings.Fields(depends)})
	}
	return nodes
}

// text draws a picture with the ids next to it.
func text(nodes []Node, g Glyphs) string {
	var b strings.Builder
	for row := range Rows(nodes) {
		left, point, right := g.Line(row.Cells, "o")
		line := left + point + right
		if row.Node >= 0 {
			line += "  " + nodes[row.Node].ID
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// Each file has a graph and its picture in both kinds of characters, and cut to ten columns.
func TestPictures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		nodes := parse(t, string(a.Files[0].Data))
		if err := check(nodes); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		pictures := []txtar.File{
			{Name: "box", Data: []byte(text(nodes, Glyphs{}))},
			{Name: "ascii", Data: []byte(text(nodes, Glyphs{ASCII: true}))},
			{Name: "ascii, 10 columns", Data: []byte(text(nodes, Glyphs{ASCII: true, Columns: 10}))},
		}
		if *update {
			a.Files = append(a.Files[:1:1], pictures...)
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !slices.EqualFunc(a.Files[1:], pictures, func(a, b txtar.File) bool { return a.Name == b.Name && string(a.Data) == string(b.Data) }) {
			t.Errorf("%s has other pictures; this is the first:\n%s", file, pictures[0].Data)
		}
	}
}

// edge is a line of a picture.
type edge struct {
	from, to   int
	dependency bool
}

func (e edge) String() string {
	return fmt.Sprintf("%d to %d (dependency: %t)", e.from, e.to, e.dependency)
}

// required returns the lines that a picture must have. A line that ends leads to -1.
func required(nodes []Node) []edge {
	index := map[string]int{}
	for i, n := range nodes {
		index[n.ID] = i
	}
	at := func(id string) int {
		if i, ok := index[id]; ok {
			return i
		}
		return -1
	}
	all := map[edge]bool{}
	for i, n := range nodes {
		for _, id := range n.DownRevision {
			all[edge{i, at(id), false}] = true
		}
		for _, id := range n.DependsOn {
			if to := at(id); to < 0 || !all[edge{i, to, false}] {
				all[edge{i, to, true}] = true
			}
		}
	}
	return sorted(all)
}

func sorted(all map[edge]bool) []edge {
	return slices.SortedFunc(maps.Keys(all), func(a, b edge) int { return strings.Compare(a.String(), b.String()) })
}

// trace is a line of a picture that is being followed down. A line from the point above that
// may still fork has no kind yet.
type trace struct {
	from       int
	dependency bool
	forks      bool
}

// reader follows all lines of a picture from each point down to another one, as a person does.
// A line leaves its lane only where the lane ends, or where it comes from the point above.
type reader struct {
	at    map[int][]trace // by column
	found map[edge]bool
	used  map[int]bool // columns of the row whose lines were followed
}

// follow returns the lines of a picture, and what is wrong with it.
func follow(nodes []Node) ([]edge, error) {
	r := reader{at: map[int][]trace{}, found: map[edge]bool{}}
	for row := range Rows(nodes) {
		cells := row.Cells
		if len(cells)%2 != 1 || cells[len(cells)-1] == 0 {
			return nil, fmt.Errorf("the last cell is empty: %v", cells)
		}
		err := error(nil)
		if row.Node >= 0 {
			err = r.point(row)
		} else {
			err = r.links(cells)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(r.at) > 0 {
		return nil, errors.New("a line leads out of the picture")
	}
	return sorted(r.found), nil
}

// point follows the lines over the row of a node.
func (r *reader) point(row Row) error {
	own := slices.IndexFunc(row.Cells, func(c Cell) bool { return c&Point != 0 })
	for column, traces := range r.at {
		c := row.Cells[column]
		for i := range traces {
			if traces[i].forks {
				traces[i] = trace{from: traces[i].from, dependency: c&DependencyVertical != 0}
			}
			if column == own {
				r.found[edge{traces[i].from, row.Node, traces[i].dependency}] = true
			}
		}
		if c&Up == 0 || column != own && c&Down == 0 {
			return fmt.Errorf("row of %d: the line in column %d ends", row.Node, column)
		}
	}
	delete(r.at, own)
	if row.Cells[own]&Down != 0 {
		r.at[own] = []trace{{from: row.Node, forks: true}}
	}
	return nil
}

// links follows the lines over a row without a node.
func (r *reader) links(cells []Cell) error {
	next := map[int][]trace{}
	r.used = map[int]bool{}
	for column, traces := range r.at {
		if column >= len(cells) || cells[column]&Up == 0 {
			return fmt.Errorf("the line in column %d has no continuation", column)
		}
		c := cells[column]
		for _, tr := range traces {
			if c&End != 0 {
				r.found[edge{tr.from, -1, c&DependencyVertical != 0}] = true
			}
			if c&Down != 0 {
				next[column] = append(next[column], tr)
			}
			if c&Down != 0 && !tr.forks {
				continue
			}
			to, err := r.sideways(cells, column)
			if err != nil {
				return err
			}
			if tr.forks {
				tr = trace{from: tr.from, dependency: c&DependencyHorizontal != 0}
			}
			for _, column := range to {
				next[column] = append(next[column], tr)
			}
		}
	}
	for column, c := range cells {
		if column%2 == 1 && c != 0 && !r.used[column] {
			return fmt.Errorf("the line in column %d leads nowhere", column)
		}
		if column%2 == 0 && c&Down != 0 && len(next[column]) == 0 {
			return fmt.Errorf("the line in column %d begins nowhere", column)
		}
	}
	r.at = next
	return nil
}

// sideways returns the columns in which a line to the left and right of a column leads down.
func (r *reader) sideways(cells []Cell, start int) ([]int, error) {
	var to []int
	for step, side := range map[int][2]Cell{-2: {Left, Right}, 2: {Right, Left}} {
		away, back := side[0], side[1]
		for column := start; cells[column]&away != 0 || column != start && cells[column]&(Left|Right) == 0; {
			r.used[column+step/2] = true
			if column += step; column < 0 || column >= len(cells) {
				return nil, fmt.Errorf("a line leads out of a row: %v", cells)
			}
			switch c := cells[column]; {
			case cells[column-step/2]&(Left|Right) != Left|Right:
				return nil, fmt.Errorf("a line is broken before column %d: %v", column, cells)
			case c&back != 0 && c&Down != 0:
				to = append(to, column)
			case c&(Up|Down|back) == 0:
				return nil, fmt.Errorf("a line is broken in column %d: %v", column, cells)
			}
		}
	}
	return to, nil
}

// check compares the lines of a picture with those of its graph.
func check(nodes []Node) error {
	got, err := follow(nodes)
	if want := required(nodes); err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("the lines are %v, want %v", got, want)
	}
	return err
}

// drawNodes draws a graph, newest first, also with links to nodes that are not in it.
func drawNodes(t *rapid.T) []Node {
	n := rapid.IntRange(0, 40).Draw(t, "nodes")
	links := rapid.SampledFrom([][]int{{0, 1}, {0, 1, 1, 1, 1, 2}, {0, 1, 1, 2, 3, 5}}).Draw(t, "links")
	nodes := make([]Node, n)
	for i := range n {
		nodes[i].ID = fmt.Sprint(i)
		below := rapid.IntRange(i+1, min(n, i+1+rapid.SampledFrom([]int{2, 8, 40}).Draw(t, "reach"))) // n is not in the picture
		for range rapid.SampledFrom(links).Draw(t, "down revisions") {
			nodes[i].DownRevision = append(nodes[i].DownRevision, fmt.Sprint(below.Draw(t, "down")))
		}
		for range rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2}).Draw(t, "dependencies") {
			nodes[i].DependsOn = append(nodes[i].DependsOn, fmt.Sprint(below.Draw(t, "dependency")))
		}
	}
	return nodes
}

// Every link of a graph is in its picture, and no other, whatever the graph.
func TestPictureHasExactlyTheLinksOfTheGraph(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		nodes := drawNodes(t)
		if err := check(nodes); err != nil {
			t.Fatalf("%v\n%s", err, text(nodes, Glyphs{}))
		}
		points := 0
		for row := range Rows(nodes) {
			if row.Node >= 0 && row.Node != points {
				t.Fatalf("%d is drawn as number %d", row.Node, points)
			}
			if row.Node >= 0 {
				points++
			}
		}
		if points != len(nodes) {
			t.Fatalf("%d points for %d nodes", points, len(nodes))
		}
	})
}

// Text is as wide as the cells, and no wider than the limit; a point is always shown.
func TestTextIsCutToColumns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		nodes := drawNodes(t)
		g := Glyphs{ASCII: rapid.Bool().Draw(t, "ASCII"), Columns: rapid.IntRange(2, 12).Draw(t, "columns")}
		for row := range Rows(nodes) {
			left, point, right := g.Line(row.Cells, "*")
			if n := utf8.RuneCountInString(left + point + right); n != min(len(row.Cells), g.Columns) || (point == "*") != (row.Node >= 0) {
				t.Fatalf("%q%q%q of %d cells in %d columns", left, point, right, len(row.Cells), g.Columns)
			}
		}
	})
}

// widest returns the number of lanes of a picture.
func widest(nodes []Node) int {
	most := 0
	for row := range Rows(nodes) {
		most = max(most, (len(row.Cells)+1)/2)
	}
	return most
}

// A lane is used again when its lineage has ended or joined another one.
func TestLanesAreReused(t *testing.T) {
	t.Parallel()
	var linear, branches, bases []Node
	for i := range 1000 {
		id, next := fmt.Sprint(i), []string{fmt.Sprint(i + 1)}
		if i == 999 {
			next = nil
		}
		linear = append(linear, Node{id, next, nil})
		branches = append(branches, Node{id, []string{"root"}, nil})
		bases = append(bases, Node{id, nil, nil})
	}
	branches = append(branches, Node{ID: "root"})
	for want, nodes := range map[int][][]Node{1: {linear, bases}, 2: {branches}} {
		for _, nodes := range nodes {
			if got := widest(nodes); got != want {
				t.Errorf("%d lanes, want %d", got, want)
			}
			if err := check(nodes); err != nil {
				t.Error(err)
			}
		}
	}
}

// A merge of thirty branches takes thirty lanes, and not more.
func TestMergeOfThirtyBranches(t *testing.T) {
	t.Parallel()
	merge := Node{ID: "merge"}
	var branches []Node
	for i := range 30 {
		id := fmt.Sprint("b", i)
		merge.DownRevision = append(merge.DownRevision, id)
		branches = append(branches, Node{id, []string{"root"}, nil})
	}
	nodes := append(append([]Node{merge}, branches...), Node{ID: "root"})
	if got := widest(nodes); got != 30 {
		t.Errorf("%d lanes", got)
	}
	if err := check(nodes); err != nil {
		t.Error(err)
	}
}
