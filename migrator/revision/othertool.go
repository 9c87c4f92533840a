package revision

import (
	"io"
	"path"
	"regexp"
	"strings"
	"sync"
)

// toolMark matches what is in the files of another migration tool.
type toolMark struct {
	tool       string
	name, text *regexp.Regexp // of the path, of what it contains; nil: any
}

// otherToolMarks returns the marks of all tools, those of the text first.
var otherToolMarks = sync.OnceValue(func() []toolMark {
	return []toolMark{
		{"goose", nil, regexp.MustCompile(`(?m)^\s*--\s*\+goose\s`)},
		{"sql-migrate", nil, regexp.MustCompile(`(?m)^-- \+migrate (?:Up|Down)\b`)},
		{"dbmate", nil, regexp.MustCompile(`(?m)^--[ \t]*migrate:(?:up|down)\b`)},
		{"tern", nil, regexp.MustCompile(`(?m)^---- (?:create above / drop below|tern: disable-tx) ----`)},
		{"atlas", nil, regexp.MustCompile(`(?m)^-- atlas:\w+`)},
		{"sqlx", nil, regexp.MustCompile(`^-- no-transaction\b`)},
		{"rails", regexp.MustCompile(`(?:^|[/_])structure\.sql$`), regexp.MustCompile(`INSERT INTO "?schema_migrations"? \(version\)`)},
		{"flyway", regexp.MustCompile(`(?:^|/)(?:[VUB][0-9]+(?:[._][0-9]+)*|R)__.*\.sql$`), nil},
		{"prisma", regexp.MustCompile(`(?:^|/)[0-9][^/]*/migration\.sql$`), nil},
		{"diesel", regexp.MustCompile(`(?:^|/)[0-9][0-9-]*_[^/]*/(?:up|down)\.sql$`), nil},
	}
})

// numberedUp matches the names of golang-migrate and SQLx, which are also valid here.
var numberedUp = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]+_.*\.up\.sql$`) })

// maxMark is how much of a file is searched for the mark of a tool.
const maxMark = 64 << 10

// otherTool returns the migration tool that a file without a header belongs to, or "".
func (l *loader) otherTool(shown string) string {
	start := ""
	if f, err := l.fsys.Open(l.name(shown)); err == nil {
		data, _ := io.ReadAll(io.LimitReader(f, maxMark)) // what cannot be read is reported elsewhere
		start = strings.TrimPrefix(string(data), "\ufeff")
		_ = f.Close()
	}
	for _, m := range otherToolMarks() {
		if (m.name == nil || m.name.MatchString(shown)) && (m.text == nil || m.text.MatchString(start)) {
			return m.tool
		}
	}
	if numberedUp().MatchString(path.Base(shown)) {
		return "golang-migrate"
	}
	return ""
}

// markOtherTool sets the tool of the problems of an up file without any key, if its name is that of another tool.
func (l *loader) markOtherTool(up string, problems Problems) {
	missing := 0
	for _, p := range problems {
		if p.Text == missingKeyProblems[keyRevision] || p.Text == missingKeyProblems[keyDownRevision] {
			missing++
		}
	}
	if missing < 2 || !numberedUp().MatchString(path.Base(up)) {
		return
	}
	tool := l.otherTool(up)
	for i := range problems {
		problems[i].Tool = tool
	}
}
