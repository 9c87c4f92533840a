package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/browsertest"
	"example.com/ambix/migrator/internal/text"
)

// hostile are messages that end or begin something in one of the formats.
var hostile = []string{
	`"] --> r0`, `"]; click r0 call alert()`, `</svg><script>window.pwned = 1</script>`, `<img src=x onerror="window.pwned=1">`, `--> ]]> <!-- -->`,
	`%%{init: {"theme":"dark"}}%%`, `%% comment`, "style r0 fill:#f00;", "classDef a:#b;", "`**markdown**`", "end", "#quot;#35;&amp;&lt;", `\N \G \l \" \`,
	"two\nlines\r\ntabs\t", "\x00\x1b[31m\x7f", "\u202egnp.exe\u2066", "\xff\xfe", "日本語 — ünïcode 🚀", "a:::applied", "@{ shape: rect }", "subgraph x", "](javascript:alert(1))",
	`javascript:alert(1)`, "$$x^2$$", "fa:fa-car", "<br/>", `' onload='`, "{{template}}", "a;b", "]]", `"quoted"`, "&#x3c;script>", "",
}

// hostileGraph has a revision for each hostile message, also as a label.
func hostileGraph() *Graph {
	g := &Graph{Title: "Graph with </title><script>window.pwned = 1</script>"}
	states := []migrator.RevisionState{migrator.Applied, migrator.Pending, migrator.Modified, migrator.Unfinished, migrator.Unknown, ""}
	for i, message := range hostile {
		n := Node{ID: fmt.Sprintf("r%d", i), Message: message, State: states[i%len(states)], Current: i == 6, BranchLabels: []string{message}}
		if i+1 < len(hostile) {
			n.DownRevision = []string{fmt.Sprintf("r%d", i+1)}
		}
		if i+3 < len(hostile) {
			n.DependsOn = []string{fmt.Sprintf("r%d", i+3)}
		}
		g.Nodes = append(g.Nodes, n)
	}
	return g
}

// smallGraph has each kind of revision and link.
func smallGraph() *Graph {
	return &Graph{Title: "Graph of 7 revisions", Nodes: []Node{
		{ID: "bill2", Message: "bills", State: migrator.Unknown, Current: true, DependsOn: []string{"shop1"}},
		{ID: "shop2", Message: "create index", State: migrator.Unfinished, Head: true, DownRevision: []string{"shop1"}},
		{ID: "m1", Message: "merge", State: migrator.Pending, Head: true, DownRevision: []string{"c1", "d1"}, DependsOn: []string{"shop1"}},
		{ID: "shop1", Message: "create shop", State: migrator.Applied, BranchLabels: []string{"shop"}},
		{ID: "d1", Message: strings.Repeat("long message ", 9), State: migrator.Pending, OutOfOrder: true, DownRevision: []string{"b1"}},
		{ID: "c1", State: migrator.Modified, DownRevision: []string{"b1"}},
		{ID: "b1", Message: "base", State: migrator.Applied, Current: true, DownRevision: []string{"elsewhere"}},
	}}
}

// bigGraph has branches and merges, and n revisions.
func bigGraph(n int) *Graph {
	g := &Graph{Title: "Graph of many revisions"}
	for i := range n {
		node := Node{ID: fmt.Sprintf("%012x", n-i), Message: fmt.Sprintf("revision %d with a message", n-i), State: migrator.Applied}
		for _, below := range []int{1 + i%3, 1 + i%7} {
			if id := n - i - below; id > 0 && !slices.Contains(node.DownRevision, fmt.Sprintf("%012x", id)) {
				node.DownRevision = append(node.DownRevision, fmt.Sprintf("%012x", id))
			}
		}
		g.Nodes = append(g.Nodes, node)
	}
	return g
}

func write(t *testing.T, g *Graph, f Format) string {
	t.Helper()
	var b bytes.Buffer
	if err := g.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// -update writes the pictures of smallGraph.
func TestPictures(t *testing.T) {
	t.Parallel()
	for _, f := range Formats() {
		file := filepath.Join("testdata", "small."+string(f))
		got := write(t, smallGraph(), f)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want, err := os.ReadFile(file); err != nil || got != string(want) {
			t.Errorf("%s: %v, got\n%s", file, err, got)
		}
	}
	if err := smallGraph().Write(io.Discard, "png"); err == nil {
		t.Error("an unknown format is written")
	}
}

// label returns the lines of a revision in Mermaid and Graphviz.
func label(n *Node) []string {
	lines := []string{text.Visible(n.ID)}
	if n.Message != "" {
		lines = append(lines, text.Visible(clip(n.Message, 60)))
	}
	if marks := n.marks(); len(marks) > 0 {
		lines = append(lines, text.Visible("("+strings.Join(marks, ", ")+")"))
	}
	return lines
}

// Mermaid itself reads the flowchart: each revision is a node with its text, each link an edge,
// and nothing else is in the picture.
func TestMermaidDrawsTheGraph(t *testing.T) {
	t.Parallel()
	graphs := []*Graph{smallGraph(), hostileGraph()}
	var input []string
	for _, g := range graphs {
		input = append(input, write(t, g, Mermaid))
	}
	var output []struct {
		Type   string
		Labels []string
		Edges  int
		Pwned  bool
		Other  []string
	}
	browsertest.Run(t, `async (browser, pictures, modules) => {
		const page = await browser.newPage();
		await page.setContent('<!doctype html><body></body>');
		await page.addScriptTag({ path: modules + '/mermaid/dist/mermaid.min.js' });
		return page.evaluate(async (pictures) => {
			mermaid.initialize({ startOnLoad: false });
			const all = [];
			for (const [i, text] of pictures.entries()) {
				const { diagramType } = await mermaid.parse(text);
				const { svg } = await mermaid.render('p' + i, text);
				const box = document.createElement('div');
				box.innerHTML = svg;
				document.body.append(box);
				await new Promise((done) => setTimeout(done, 100));
				const lines = (label) => {
					const texts = [''];
					const walk = (n) => {
						if (n.nodeType === 3) texts[texts.length - 1] += n.textContent;
						if (n.nodeName.toLowerCase() === 'br' || n.nodeName === 'tspan' && n.classList.contains('text-outer-tspan') && texts.join('') !== '') texts.push('');
						n.childNodes.forEach(walk);
					};
					walk(label);
					return texts.join('\n');
				};
				all.push({
					type: diagramType,
					labels: [...box.querySelectorAll('g.node')].map((n) => lines(n.querySelector('.label'))),
					edges: box.querySelectorAll('g.edgePaths path').length,
					pwned: window.pwned !== undefined,
					other: [...box.querySelectorAll('script, img, a, iframe, image')].map((n) => n.outerHTML),
				});
			}
			return all;
		}, pictures);
	}`, input, &output)
	for i, g := range graphs {
		got := output[i]
		for k, l := range got.Labels {
			got.Labels[k] = strings.ReplaceAll(l, "\u200b", "")
		}
		var want []string
		for k := range g.Nodes {
			want = append(want, strings.Join(label(&g.Nodes[k]), "\n"))
		}
		slices.Sort(want)
		slices.Sort(got.Labels)
		for k := range want {
			if k < len(got.Labels) && strings.Join(strings.Fields(want[k]), " ") != strings.Join(strings.Fields(got.Labels[k]), " ") {
				t.Errorf("a revision is labelled\n%q, want\n%q", got.Labels[k], want[k])
			}
		}
		if len(got.Labels) != len(want) || got.Edges != g.Links() || got.Pwned || len(got.Other) > 0 || !strings.HasPrefix(got.Type, "flowchart") {
			t.Errorf("%d labels for %d revisions, %d edges for %d links; %+v", len(got.Labels), len(want), got.Edges, g.Links(), got)
		}
	}
}

// Graphviz reads the graph.
func TestGraphvizDrawsTheGraph(t *testing.T) {
	t.Parallel()
	dot, err := exec.LookPath("dot")
	if err != nil {
		browsertest.Missing(t, "Graphviz is not installed")
	}
	for _, g := range []*Graph{smallGraph(), hostileGraph(), {Title: "empty"}} {
		cmd := exec.CommandContext(t.Context(), dot, "-Tdot_json")
		cmd.Stdin = strings.NewReader(write(t, g, DOT))
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil || stderr.Len() > 0 {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		var read struct {
			Objects []struct{ Name, Label string }
			Edges   []struct{ Tail, Head int }
		}
		if err := json.Unmarshal(out, &read); err != nil {
			t.Fatal(err)
		}
		if len(read.Objects) != len(g.Nodes) || len(read.Edges) != g.Links() {
			t.Errorf("%d nodes and %d edges, want %d and %d", len(read.Objects), len(read.Edges), len(g.Nodes), g.Links())
		}
		for i, n := range read.Objects {
			if want := dotText(label(&g.Nodes[i])...); n.Name != g.Nodes[i].ID || `"`+strings.ReplaceAll(n.Label, `"`, `\"`)+`"` != want {
				t.Errorf("%s is labelled %s, want %s", n.Name, n.Label, want)
			}
		}
	}
}

// The image is well-formed, has a title for each revision, and contains nothing that is not drawn.
func TestSVGIsWellFormedAndClosed(t *testing.T) {
	t.Parallel()
	allowed := []string{"svg", "title", "style", "rect", "path", "g", "circle", "text", "tspan"}
	for _, g := range []*Graph{smallGraph(), hostileGraph(), bigGraph(1000), {Title: "empty"}} {
		source := write(t, g, SVG)
		d := xml.NewDecoder(strings.NewReader(source))
		var titles []string
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			start, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			if !slices.Contains(allowed, start.Name.Local) {
				t.Fatalf("an element %s", start.Name.Local)
			}
			for _, a := range start.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" || a.Name.Local == "style" {
					t.Errorf("an attribute %s", a.Name.Local)
				}
			}
			if start.Name.Local == "title" {
				var s string
				if err := d.DecodeElement(&s, &start); err != nil {
					t.Fatal(err)
				}
				titles = append(titles, s)
			}
		}
		if len(titles) != len(g.Nodes)+1 {
			t.Errorf("%d titles for %d revisions", len(titles), len(g.Nodes))
		}
		for i, title := range titles[1:] {
			if want := g.Nodes[i].describe(); !strings.Contains(want, "\n") && title != visible(want) {
				t.Errorf("title %q, want %q", title, visible(want))
			}
		}
	}
}

// visible is text.Visible for text in markup, where tabs are kept.
func visible(s string) string {
	var parts []string
	for part := range strings.SplitSeq(s, "\t") {
		parts = append(parts, text.Visible(part))
	}
	return strings.Join(parts, "\t")
}

// Pictures of ten thousand revisions are written, and take no more than a few kB for each revision.
func TestPicturesOfManyRevisions(t *testing.T) {
	t.Parallel()
	g := bigGraph(10_000)
	for _, f := range Formats() {
		if size := len(write(t, g, f)); size > 1000*len(g.Nodes) {
			t.Errorf("%s has %d bytes", f, size)
		}
	}
}
