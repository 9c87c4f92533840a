package cli_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"example.com/ambix/migrator/cli"
)

const jsonDocument = checkout + "/docs/json.md"

// The tables of fields in docs/json.md are those of document.go ("go test -update" writes
// them), and no command and no document is missing. TestDocumentsShowRealOutput checks the
// examples.
func TestJSONDocumentDescribesEveryField(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(jsonDocument)
	if err != nil {
		t.Fatal(err)
	}
	structs, docs := jsonStructs(t)
	marker := regexp.MustCompile(`(?s)<!-- fields: (\w+) -->\n.*?<!-- end -->`)
	d := jsonTables{structs: structs, docs: docs, own: map[string]bool{}, seen: map[string]bool{}}
	for _, m := range marker.FindAllStringSubmatch(string(text), -1) {
		d.own[m[1]] = true
	}
	got := marker.ReplaceAllStringFunc(string(text), func(part string) string {
		name := marker.FindStringSubmatch(part)[1]
		if structs[name] == nil {
			t.Fatalf("there is no %s", name)
		}
		return "<!-- fields: " + name + " -->\n\n| field | is | |\n| --- | --- | --- |\n" + d.rows(name, "") + "\n<!-- end -->"
	})
	for name := range structs {
		if !d.seen[name] {
			t.Errorf("%s is not described in docs/json.md", name)
		}
	}
	headings := strings.Join(regexp.MustCompile(`(?m)^## .*$`).FindAllString(got, -1), "\n")
	for _, cmd := range cli.Command(cli.Config{}).Commands() {
		if cmd.IsAvailableCommand() && cmd.Name() != "completion" && !strings.Contains(headings, "`"+cmd.Name()+"`") {
			t.Errorf("docs/json.md has no heading for %s", cmd.Name())
		}
	}
	if got == string(text) {
		return
	}
	if !*update {
		t.Error("the tables are not those of document.go; go test -update writes them")
		return
	}
	if err := os.WriteFile(jsonDocument, []byte(got), 0o666); err != nil {
		t.Fatal(err)
	}
}

// jsonStructs returns the structs in document.go and document_schema.go with their doc comments.
func jsonStructs(t *testing.T) (structs map[string]*ast.StructType, docs map[string]string) {
	t.Helper()
	var decls []ast.Decl
	for _, name := range []string{"document.go", "document_revisions.go", "document_schema.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		decls = append(decls, file.Decls...)
	}
	structs, docs = map[string]*ast.StructType{}, map[string]string{}
	for _, decl := range decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		for _, spec := range gen.Specs {
			if s, ok := spec.(*ast.TypeSpec).Type.(*ast.StructType); ok {
				name := spec.(*ast.TypeSpec).Name.Name
				structs[name], docs[name] = s, gen.Doc.Text()
			}
		}
	}
	return structs, docs
}

// jsonTables writes tables of fields. Other tables link to a document with its own table,
// and contain the fields of one without.
type jsonTables struct {
	structs map[string]*ast.StructType
	docs    map[string]string
	own     map[string]bool
	seen    map[string]bool
}

func (d *jsonTables) rows(name, path string) string {
	d.seen[name] = true
	var b strings.Builder
	for _, f := range d.structs[name].Fields.List {
		if len(f.Names) == 0 {
			embedded := f.Type.(*ast.Ident).Name
			if d.own[embedded] {
				short, anchor := shared(embedded)
				fmt.Fprintf(&b, "| `%s…` | | the fields of [%s](%s) |\n", path, short, anchor)
				continue
			}
			b.WriteString(d.rows(embedded, path))
			continue
		}
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json")
		key, options, _ := strings.Cut(tag, ",")
		kind, nested := d.kind(f.Type)
		switch _, pointer := f.Type.(*ast.StarExpr); {
		case strings.Contains(options, "omitempty"):
			kind += ", or missing"
		case pointer:
			kind += ", or null"
		}
		fmt.Fprintf(&b, "| `%s%s` | %s | %s |\n", path, key, kind, comment(f, d.docs[name]))
		if nested != "" && !d.own[nested] {
			inner := path + key + "."
			if _, ok := f.Type.(*ast.ArrayType); ok {
				inner = path + key + "[]."
			}
			b.WriteString(d.rows(nested, inner))
		}
	}
	return b.String()
}

// kind returns the type of a value in words, and the document that it contains.
func (d *jsonTables) kind(e ast.Expr) (words, nested string) {
	switch e := e.(type) {
	case *ast.StarExpr:
		return d.kind(e.X)
	case *ast.ArrayType:
		words, nested = d.kind(e.Elt)
		if d.own[nested] {
			short, anchor := shared(nested)
			return "list of [" + short + "s](" + anchor + ")", nested
		}
		return "list of " + words + "s", nested
	case *ast.SelectorExpr:
		return "time", ""
	case *ast.Ident:
		switch e.Name {
		case "string":
			return "string", ""
		case "bool":
			return "boolean", ""
		case "int", "int64", "float64":
			return "number", ""
		}
		if d.own[e.Name] {
			d.seen[e.Name] = true
			short, anchor := shared(e.Name)
			return "[" + short + "](" + anchor + ")", e.Name
		}
		return "object", e.Name
	}
	return "?", ""
}

// shared returns the name of a document with its own table, and the anchor of its heading:
// "A revision" or "An error", or that of a command.
func shared(name string) (short, anchor string) {
	switch short = strings.TrimSuffix(name, "Document"); short {
	case "move":
		return "document", "#up-down-to-redo-stamp"
	case "plan", "status", "check": // of commands
		return "document", "#" + short
	}
	if strings.ContainsRune("aeiou", rune(short[0])) {
		return short, "#an-" + short
	}
	return short, "#a-" + short
}

// comment returns the comment of a field in document.go, or the sentence "Kind is …" in the
// comment of its document.
func comment(f *ast.Field, about string) string {
	text := f.Comment.Text()
	if text == "" {
		text = f.Doc.Text()
	}
	text = strings.Join(strings.Fields(text), " ")
	sentence := regexp.MustCompile(`(?s)\b` + f.Names[0].Name + ` is ([^.]*)\.`)
	if m := sentence.FindStringSubmatch(about); text == "" && m != nil && !strings.Contains(m[1], "\n\n") {
		text = strings.Join(strings.Fields(m[1]), " ")
	}
	text = strings.TrimPrefix(text, f.Names[0].Name+" is ")
	return regexp.MustCompile(`"[a-z_-]+( [a-z]+)*"`).ReplaceAllString(text, "`$0`")
}
