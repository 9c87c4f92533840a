package importer

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// tools are the supported tools, each in its own file.
var tools = []tool{alembic, atlas, dbmate, diesel, flyway, golangMigrate, goose, prisma, rails, sqitch, sqlMigrate, sqlx, tern}

// tool is another migration tool.
type tool struct {
	name string
	// reads describes DIR and what is read from it, in a line.
	reads string
	rows  rows // what a row of its version table means
	// table is the name of its version table, without a schema.
	table string
	// config is what --config names, and its default; "" if the flag does not apply.
	config string
	// data is what -D is for; "" if the flag does not apply.
	data string
	// placeholder is how those begin that reading reports if they have no value.
	placeholder string
	// sharesSession: settings that a migration leaves behind affect the next one.
	sharesSession bool
	read          func(source) (*project, error)
}

// source is the project to import, as given on the command line.
type source struct {
	dir    string
	config string            // --config; "": the tool's default
	data   map[string]string // -D
}

// keys returns the sorted keys of data.
func (s source) keys() []string { return slices.Sorted(maps.Keys(s.data)) }

// find returns the tool with a name.
func find(name string) (tool, error) {
	i := slices.IndexFunc(tools, func(t tool) bool { return t.name == name })
	if i < 0 {
		return tool{}, &usageError{fmt.Sprintf("unknown tool %q: must be %s", name, strings.Join(names(), ", "))}
	}
	return tools[i], nil
}

func names() []string {
	var all []string
	for _, t := range tools {
		all = append(all, t.name)
	}
	return all
}

// check returns an error if the flags do not apply to the tool, or if the source is not a folder.
func (t tool) check(src source) error {
	switch {
	case src.config != "" && t.config == "":
		return &usageError{"--config does not apply to " + t.name}
	case len(src.data) > 0 && t.data == "":
		return &usageError{"-D does not apply to " + t.name}
	}
	switch info, err := os.Stat(src.dir); {
	case err != nil:
		return &usageError{unreadable(src.dir, err).Error()}
	case !info.IsDir():
		return &usageError{src.dir + " is not a folder"}
	}
	return nil
}
