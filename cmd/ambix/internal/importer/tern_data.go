package importer

import (
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"text/template/parse"
)

const ternSeparator = "---- create above / drop below ----"

// missingData finds the undefined data in templates. tern silently renders it as
// "<no value>" or "", or takes the other branch of an if.
func missingData(dir string, fsys fs.FS, data map[string]any) ([]finding, error) {
	var findings []finding
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".sql" {
			return err
		}
		file := filepath.Join(dir, name)
		text, err := readText(file)
		if err != nil {
			return err
		}
		offset := 0
		for part := range strings.SplitSeq(text, ternSeparator) {
			for _, f := range fields(part) {
				if _, ok := data[f.name]; !ok {
					findings = append(findings, finding{
						"These templates use undefined data. Define it with -D or in tern.conf, and import again:",
						at(file, text, offset+f.offset) + ": ." + f.name,
					})
				}
			}
			offset += len(part) + len(ternSeparator)
		}
		return nil
	})
	return findings, err
}

// field is a reference to a key of the data.
type field struct {
	name   string
	offset int
}

// fields returns the references in a template and in those that it defines.
func fields(text string) []field {
	t := parse.New("")
	t.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := t.Parse(text, "", "", trees); err != nil {
		return nil // tern reports it
	}
	w := fieldWalker{}
	w.list(t.Root, true)
	for name, tree := range trees {
		if name != "" {
			w.list(tree.Root, true)
		}
	}
	return w.found
}

type fieldWalker struct{ found []field }

// list walks over nodes. root: the dot is the data.
func (w *fieldWalker) list(list *parse.ListNode, root bool) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			w.pipe(n.Pipe, root)
		case *parse.TemplateNode:
			w.pipe(n.Pipe, root)
		case *parse.IfNode:
			w.branch(n.BranchNode, root, root)
		case *parse.RangeNode:
			w.branch(n.BranchNode, root, false)
		case *parse.WithNode:
			w.branch(n.BranchNode, root, false)
		}
	}
}

func (w *fieldWalker) branch(n parse.BranchNode, root, inside bool) {
	w.pipe(n.Pipe, root)
	w.list(n.List, inside)
	w.list(n.ElseList, root)
}

func (w *fieldWalker) pipe(pipe *parse.PipeNode, root bool) {
	if pipe == nil {
		return
	}
	for _, command := range pipe.Cmds {
		for _, argument := range command.Args {
			w.argument(argument, root)
		}
	}
}

func (w *fieldWalker) argument(node parse.Node, root bool) {
	switch n := node.(type) {
	case *parse.PipeNode:
		w.pipe(n, root)
	case *parse.ChainNode:
		w.argument(n.Node, root)
	case *parse.FieldNode:
		if root {
			w.found = append(w.found, field{n.Ident[0], int(n.Position())})
		}
	case *parse.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			w.found = append(w.found, field{n.Ident[1], int(n.Position())})
		}
	}
}
