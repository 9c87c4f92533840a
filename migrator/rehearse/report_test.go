package rehearse

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/revision"
)

// odd are findings with everything that a format has to escape.
func odd() Report {
	return Report{Revisions: 3, Version: "1.2.3", Path: func(file string) string { return "db/" + file }, Findings: []Finding{
		{Rule: ForeignKeyIndex, Severity: Note, Revision: "b", Pos: revision.Pos{File: "sql/b.up.sql", Line: 3, Column: 7}, Object: `"x y" ON public.t`, Text: `no index of public.t begins with the columns of foreign key "x y"`, Safe: "CREATE INDEX ON public.t (a)"},
		{
			Rule: NotInverse, Severity: Danger, Revision: "a", Down: true, Pos: revision.Pos{File: "sql/a, b: 100%.down.sql", Line: 5, Column: 0}, Object: "public.`|<b>@all#1_*",
			Text: "the down script leaves table public.`|<b>@all#1_*\x1b[31m", Why: "a\nb & c", Safe: "DROP TABLE public.\"`|<b>@all#1_*\";\n```",
		},
		{Rule: Irreversible, Severity: Warning, Revision: "c", Pos: revision.Pos{File: "sql/c.up.sql"}, Text: "the revision has no down script", Accepted: true, Accept: revision.Acceptance{Word: "irreversible"}},
		{Rule: Order, Severity: Warning, Text: "two orders differ"},
	}}
}

func TestGitHubAnnotationsAreEscaped(t *testing.T) {
	t.Parallel()
	r := odd()
	want := "::error file=db/sql/a%2C b%3A 100%25.down.sql,line=5,col=1,title=danger (not-inverse) in revision a::" +
		"the down script leaves table public.`|<b>@all#1_*\\x1b[31m%0Aa%0Ab & c%0Ainstead: DROP TABLE public.\"`|<b>@all#1_*\";%0A```\n" +
		"::warning title=warning (order)::two orders differ\n" +
		"::notice file=db/sql/b.up.sql,line=3,col=7,title=note (foreign-key-index) in revision b::no index of public.t begins with the columns of foreign key \"x y\"%0Ainstead: CREATE INDEX ON public.t (a)\n"
	if diff := cmp.Diff(want, r.GitHub()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if empty := (&Report{}).GitHub(); empty != "" {
		t.Error(empty)
	}
}

// The strict reader knows the properties that the specification has for each object, and which of them are required.
func TestSARIFIsAsTheSpecificationSays(t *testing.T) {
	t.Parallel()
	for _, r := range []Report{odd(), {}} {
		data, err := r.SARIF()
		if err != nil {
			t.Fatal(err)
		}
		var log any
		if err := json.Unmarshal(data, &log); err != nil {
			t.Fatal(err)
		}
		checkSARIF(t, "log", log)
		var typed sarifLog
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&typed); err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for _, rule := range typed.Runs[0].Tool.Driver.Rules {
			if ids[rule.ID] || rule.Help.Text == "" || len(rule.Default.Level) == 0 {
				t.Errorf("%+v", rule)
			}
			ids[rule.ID] = true
		}
		for _, result := range typed.Runs[0].Results {
			if typed.Runs[0].Tool.Driver.Rules[result.RuleIndex].ID != result.RuleID {
				t.Errorf("rule %d is not %s", result.RuleIndex, result.RuleID)
			}
		}
	}
	r := odd()
	data, _ := r.SARIF()
	for _, want := range []string{
		`"uri": "db/sql/a,%20b:%20100%25.down.sql"`, `"uriBaseId": "%SRCROOT%"`, `"startLine": 5`, `"level": "error"`, `"kind": "inSource"`,
		`"justification": "accept: irreversible"`, `"fullyQualifiedName": "\"x y\" ON public.t"`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s is missing in\n%s", want, data[len(data)/2:])
		}
	}
}

// sarifObjects are the objects of SARIF 2.1.0 that are written: the properties that the specification allows and we use, those
// that are required marked by "!", with their types.
var sarifObjects = map[string]map[string]string{
	"log":              {"$schema": "uri", "version": "!2.1.0", "runs": "![run]"},
	"run":              {"tool": "!tool", "columnKind": "utf16CodeUnits|unicodeCodePoints", "results": "[result]"},
	"tool":             {"driver": "!toolComponent"},
	"toolComponent":    {"name": "!string", "version": "string", "rules": "[rule]"},
	"rule":             {"id": "!string", "shortDescription": "text", "fullDescription": "text", "help": "text", "defaultConfiguration": "configuration", "properties": "tags"},
	"text":             {"text": "!string"},
	"configuration":    {"level": "none|note|warning|error"},
	"tags":             {"tags": "[string]"},
	"result":           {"ruleId": "string", "ruleIndex": "integer", "level": "none|note|warning|error", "message": "!text", "locations": "[location]", "partialFingerprints": "strings", "suppressions": "[suppression]"},
	"location":         {"physicalLocation": "physicalLocation", "logicalLocations": "[logicalLocation]"},
	"physicalLocation": {"artifactLocation": "!artifactLocation", "region": "region"},
	"artifactLocation": {"uri": "uri", "uriBaseId": "string"},
	"region":           {"startLine": "positive", "startColumn": "positive"},
	"logicalLocation":  {"fullyQualifiedName": "string"},
	"suppression":      {"kind": "!inSource|external", "justification": "string"},
}

var uriForm = regexp.MustCompile(`^([a-z]+:)?([A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-F]{2})+$`)

func checkSARIF(t *testing.T, kind string, value any) {
	t.Helper()
	kind = strings.TrimPrefix(kind, "!")
	if properties, ok := sarifObjects[kind]; ok {
		object, ok := value.(map[string]any)
		if !ok {
			t.Errorf("%s: %v", kind, value)
			return
		}
		for name, v := range object {
			if properties[name] == "" {
				t.Errorf("%s has no property %s", kind, name)
			} else {
				checkSARIF(t, properties[name], v)
			}
		}
		for name, is := range properties {
			if _, ok := object[name]; !ok && strings.HasPrefix(is, "!") {
				t.Errorf("%s has no %s", kind, name)
			}
		}
		return
	}
	text, isText := value.(string)
	number, isNumber := value.(float64)
	ok := isText
	switch {
	case strings.HasPrefix(kind, "["):
		var list []any
		if list, ok = value.([]any); ok {
			for _, v := range list {
				checkSARIF(t, strings.Trim(kind, "[]"), v)
			}
		}
	case kind == "strings":
		var object map[string]any
		if object, ok = value.(map[string]any); ok {
			for _, v := range object {
				checkSARIF(t, "string", v)
			}
		}
	case kind == "integer":
		ok = isNumber && number >= -1
	case kind == "positive":
		ok = isNumber && number >= 1
	case kind == "uri":
		ok = isText && uriForm.MatchString(text)
	case kind != "string":
		ok = isText && slices.Contains(strings.Split(kind, "|"), text)
	}
	if !ok {
		t.Errorf("%v is not %s", value, kind)
	}
}

func TestFingerprintsSurviveEdits(t *testing.T) {
	t.Parallel()
	f := odd().Findings[0]
	moved := f
	moved.Line, moved.Size = 100, Size{Known: true, Bytes: 5}
	if moved.fingerprint() != f.fingerprint() {
		t.Error("a finding that moved has another fingerprint")
	}
	moved.Object = "public.u"
	if moved.fingerprint() == f.fingerprint() {
		t.Error("findings about different objects have one fingerprint")
	}
}

func TestMarkdownShowsTextAsItIs(t *testing.T) {
	t.Parallel()
	r := odd()
	want := "<!-- ambix rehearse -->\n### Rehearsal of 3 revisions: 1 danger, 1 warning, 1 note and 1 accepted\n\n" +
		"| | finding | rule | where |\n| --- | --- | --- | --- |\n" +
		"| 🛑 danger | the down script leaves table public.\\`\\|&lt;b&gt;@<!-- -->all#<!-- -->1\\_\\*\\\\x1b\\[31m | not-inverse | `db/sql/a, b: 100%.down.sql:5` |\n" +
		"| ⚠️ warning | two orders differ | order |  |\n" +
		"| ℹ️ note | no index of public.t begins with the columns of foreign key \"x y\" | foreign-key-index | `db/sql/b.up.sql:3` |\n" +
		"\n<details>\n<summary>Why, and what to do instead</summary>\n" +
		"\n**the down script leaves table public.\\`\\|&lt;b&gt;@<!-- -->all#<!-- -->1\\_\\*\\\\x1b\\[31m** `db/sql/a, b: 100%.down.sql:5`\n\na b &amp; c\n\n````text\nDROP TABLE public.\"`|<b>@all#1_*\";\n```\n````\n" +
		"\n**no index of public.t begins with the columns of foreign key \"x y\"** `db/sql/b.up.sql:3`\n\n```text\nCREATE INDEX ON public.t (a)\n```\n\n</details>\n"
	if diff := cmp.Diff(want, r.Markdown()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (&Report{Revisions: 1}).Markdown(); got != "<!-- ambix rehearse -->\n### Rehearsal of 1 revision: no findings\n" {
		t.Errorf("%q", got)
	}
}

// A comment that is too long would be refused as a whole.
func TestMarkdownFitsIntoAComment(t *testing.T) {
	t.Parallel()
	r := Report{Revisions: 1000}
	for i := range 1000 {
		r.Findings = append(r.Findings, Finding{Rule: NotInverse, Severity: Danger, Revision: "r" + strconv.Itoa(i), Text: strings.Repeat("text ", 20), Why: strings.Repeat("why ", 50)})
	}
	got := r.Markdown()
	if len(got) > 65_536 || !strings.Contains(got, "more findings\n") || !strings.HasSuffix(got, "</details>\n") {
		t.Errorf("%d bytes: …%s", len(got), got[len(got)-200:])
	}
}

func TestEveryRuleIsDescribed(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "finding.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		v, ok := node.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		typ, _ := v.Type.(*ast.Ident)
		if literal, ok := v.Values[0].(*ast.BasicLit); ok && typ != nil && typ.Name == "Rule" {
			n++
			name, _ := strconv.Unquote(literal.Value)
			if info := Rule(name).Info(); info.Title == name || info.Least > info.Worst || info.Least == 0 || !strings.HasSuffix(info.Help, ".") {
				t.Errorf("%s: %+v", name, info)
			}
		}
		return true
	})
	if n != len(Rules()) {
		t.Errorf("%d rules, and %d descriptions", n, len(Rules()))
	}
}
