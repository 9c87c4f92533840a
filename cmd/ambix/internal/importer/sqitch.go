package importer

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// sqitch reads github.com/sqitchers/sqitch: the changes of sqitch.plan, in its order, with the
// scripts in deploy, revert and verify, which psql runs.
var sqitch = tool{
	name: "sqitch", reads: "the folder of sqitch.conf, with sqitch.plan, deploy, revert and verify", rows: each, table: "sqitch.changes",
	config: "another sqitch.conf", data: "values of psql variables", read: readSqitch,
}

const (
	sqitchVerify   = "Verify scripts are not run by any command here and were left out. Run them with psql, or turn them into tests:"
	sqitchConflict = "Conflicts are not checked here and were left out:"
	sqitchExternal = "These changes require changes of another project, which must be deployed before:"
)

func readSqitch(src source) (*project, error) {
	s, err := readSqitchSettings(src)
	if err != nil {
		return nil, err
	}
	plan, err := readSqitchPlan(s.plan)
	if err != nil {
		return nil, err
	}
	if len(plan.changes) == 0 {
		return nil, errors.New(s.plan + " has no changes")
	}
	p, bad := &project{table: s.table}, problems{}
	for i := range plan.changes {
		c := &plan.changes[i]
		m := migration{version: c.id, name: c.name, message: c.title(), created: c.date}
		if up := s.script(&bad, "deploy", c); up != nil {
			m.up = *up
		} else {
			bad.addf("%s:%d: the change %s has no script %s", s.plan, c.line, c.name, s.file("deploy", c))
		}
		m.down = s.script(&bad, "revert", c)
		if file := s.file("verify", c); isFile(file) {
			p.findings = append(p.findings, finding{sqitchVerify, file})
		}
		for _, d := range c.requires {
			switch other, ok := plan.find(d, i); {
			case d.project != "" && d.project != plan.project:
				p.findings = append(p.findings, finding{sqitchExternal, c.name + ": " + d.text})
			case !ok:
				bad.addf("%s:%d: unknown change %s, required by %s", s.plan, c.line, d.text, c.name)
			case other != i-1 && !slices.Contains(m.dependsOn, plan.changes[other].id):
				m.dependsOn = append(m.dependsOn, plan.changes[other].id)
			}
		}
		for _, d := range c.conflicts {
			p.findings = append(p.findings, finding{sqitchConflict, c.name + ": !" + d.text})
		}
		p.migrations = append(p.migrations, m)
	}
	p.migrations = chain(p.migrations)
	return p, bad.err()
}

// title returns the message of a change: its name in words, and its note.
func (c *sqitchChange) title() string {
	title := messageOf(strings.NewReplacer("/", " ", "-", " ").Replace(c.name))
	if c.note != "" {
		title += "\n" + c.note
	}
	return title
}

// sqitchChange is a change of a plan.
type sqitchChange struct {
	name, note, planner string
	date                time.Time
	requires, conflicts []sqitchDependency
	tags                []string
	reworked            []string // the tags with which the scripts of a reworked change are named
	line                int
	id                  string
}

// sqitchDependency is [project:]change[@tag], [project:]@tag, or an id.
type sqitchDependency struct {
	text, project, change, tag string
}

// file returns the name of a script. A reworked change has the tag in the names of its scripts.
func (s *sqitchSettings) file(kind string, c *sqitchChange) string {
	dir, name := s.dirs[kind], filepath.FromSlash(c.name)
	if len(c.reworked) == 0 {
		return filepath.Join(dir, name+"."+s.extension)
	}
	dir = s.reworked[kind]
	for _, tag := range c.reworked {
		if file := filepath.Join(dir, name+"@"+tag+"."+s.extension); isFile(file) {
			return file
		}
	}
	return filepath.Join(dir, name+"@"+c.reworked[0]+"."+s.extension)
}

// script returns a script of a change, or nil if there is none.
func (s *sqitchSettings) script(bad *problems, kind string, c *sqitchChange) *script {
	file := s.file(kind, c)
	if !isFile(file) {
		return nil
	}
	read := psqlScript(file, bad.read(file), s.variables)
	return &read
}
