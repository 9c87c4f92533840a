package importer

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// atlas reads the versioned migrations of ariga.io/atlas in its own format: VERSION_NAME.sql, in
// the order of their names. Atlas has no down scripts, it computes them.
var atlas = tool{
	name: "atlas", reads: "the folder of VERSION_NAME.sql and atlas.sum; for the formats of other tools, use those tools", rows: each, table: "atlas_schema_revisions",
	sharesSession: true, read: readAtlas,
}

const atlasCheckpoint = "Atlas uses checkpoints only for new databases, and they were left out. In a database that began with one, adopt records all revisions up to:"

var (
	atlasDirective = regexp.MustCompile(`^-- atlas:(\w+)(?: +(.+))?$`)
	atlasMode      = regexp.MustCompile(`(?m)^-- atlas:txmode\b.*\n?`)
	atlasSection   = regexp.MustCompile(`(?m)^-- ([^\s]+) --[ \t]*\r?$\n?`)
)

func readAtlas(src source) (*project, error) {
	files, err := listFiles(src.dir, ".sql")
	if err != nil {
		return nil, err
	}
	p, bad := &project{}, problems{}
	for _, f := range files {
		version, name, _ := strings.Cut(strings.TrimSuffix(f.name, ".sql"), "_")
		m := migration{version: version, name: f.name, message: messageOf(name), created: versionTime(version)}
		if strings.Trim(version, "0123456789") == "" {
			m.number = version
		}
		text := bad.read(f.path)
		if _, ok := atlasDirectives(text)["checkpoint"]; ok {
			if len(p.migrations) == 0 {
				return nil, fmt.Errorf("%s: a checkpoint without the migrations before it: import the whole folder", f.path)
			}
			before := &p.migrations[len(p.migrations)-1]
			before.checkpoints = append(before.checkpoints, checkpoint{version, f.name})
			continue
		}
		m.readAtlas(text)
		p.migrations = append(p.migrations, m)
	}
	bad.add(checkAtlasSum(src.dir, files))
	if len(p.migrations) == 0 && len(bad) == 0 {
		return nil, noMigrations(src.dir, "20211120191701_create_account.sql")
	}
	bad.add(checkUnique(p.migrations))
	p.migrations = chain(p.migrations)
	p.findGaps()
	if len(bad) > 0 {
		return nil, bad.err()
	}
	ids, _ := p.ids("atlas")
	for _, m := range p.migrations {
		for _, c := range m.checkpoints {
			p.findings = append(p.findings, finding{atlasCheckpoint, filepath.Join(src.dir, c.name) + ": " + ids[m.version]})
		}
	}
	return p, nil
}

// atlasDirectives returns the directives at the top of a file. A blank line must follow them, or
// they belong to the first statement.
func atlasDirectives(text string) map[string]string {
	directives := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			return directives
		}
		if !strings.HasPrefix(line, "--") {
			return nil
		}
		if parts := atlasDirective.FindStringSubmatch(line); parts != nil {
			directives[parts[1]] = parts[2]
		}
	}
	return directives
}

func (m *migration) readAtlas(text string) {
	directives := atlasDirectives(text)
	m.up = script{sql: text, noTransaction: directives["txmode"] == "none"}
	if _, ok := directives["txtar"]; ok {
		m.readAtlasArchive(text)
	}
	if directives["txmode"] != "" {
		m.up.sql = atlasMode.ReplaceAllString(m.up.sql, "")
	}
	// The delimiter is in effect from the first line on.
	first, rest, _ := strings.Cut(m.up.sql, "\n")
	if parts := atlasDirective.FindStringSubmatch(strings.TrimRight(first, "\r")); parts != nil && parts[1] == "delimiter" {
		m.up.sql = splitAtlas(rest, strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t").Replace(parts[2]))
		m.up.findings = append(m.up.findings, finding{"Atlas ends statements with atlas:delimiter; semicolons were added. Check them:", parts[2]})
	}
}

// readAtlasArchive reads a file with several sections. Only migration.sql is the migration.
func (m *migration) readAtlasArchive(text string) {
	sections := atlasSection.FindAllStringSubmatchIndex(text, -1)
	m.up.sql = ""
	for i, at := range sections {
		end := len(text)
		if i+1 < len(sections) {
			end = sections[i+1][0]
		}
		switch name := text[at[2]:at[3]]; name {
		case "migration.sql":
			m.up.sql = text[at[1]:end]
		case "down.sql":
			m.down = &script{sql: text[at[1]:end], noTransaction: m.up.noTransaction}
		default:
			m.up.findings = append(m.up.findings, finding{"These checks of Atlas were left out. The header keys of the file format, or DO blocks, can stand for them:", name})
		}
	}
}

func splitAtlas(text, delimiter string) string {
	var parts []string
	for part := range strings.SplitSeq(text, delimiter) {
		if part = trimBlank(part); part != "" {
			parts = append(parts, terminated(part))
		}
	}
	return strings.Join(parts, "\n")
}
