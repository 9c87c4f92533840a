package importer

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
)

// sqitchSettings is what sqitch.conf says.
type sqitchSettings struct {
	plan           string            // the file
	dirs, reworked map[string]string // of deploy, revert and verify
	extension      string
	table          string            // the version table as SQL, "" for the default
	variables      map[string]string // of psql
}

var (
	gitSection = regexp.MustCompile(`^\s*\[\s*([\w.-]+)(?:\s+"([^"]*)")?\s*\]`)
	gitSetting = regexp.MustCompile(`^\s*([\w-]+)\s*=\s*(.*?)\s*$`)
)

// readSqitchSettings reads sqitch.conf, which has the format of Git's configuration.
func readSqitchSettings(src source) (*sqitchSettings, error) {
	file := src.config
	if file == "" {
		file = filepath.Join(src.dir, "sqitch.conf")
	}
	text, err := readText(file)
	if err != nil {
		return nil, err
	}
	s := &sqitchSettings{dirs: map[string]string{}, reworked: map[string]string{}, variables: map[string]string{}}
	values, section := map[string]string{}, ""
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		line, _, _ = strings.Cut(line, ";")
		if parts := gitSection.FindStringSubmatch(line); parts != nil {
			section = strings.TrimRight(strings.ToLower(parts[1])+"."+parts[2], ".")
		}
		if parts := gitSetting.FindStringSubmatch(line); parts != nil {
			value := strings.Trim(parts[2], `"`)
			switch section {
			case "core.variables", "deploy.variables", "engine.pg.variables":
				s.variables[parts[1]] = value
			default:
				values[section+"."+strings.ToLower(parts[1])] = value
			}
		}
	}
	if engine := values["core.engine"]; engine != "" && engine != "pg" {
		return nil, fmt.Errorf("%s: the engine is %s, not pg", file, engine)
	}
	get := func(key, initial string) string {
		for _, section := range []string{"engine.pg.", "core."} {
			if v := values[section+key]; v != "" {
				return v
			}
		}
		return initial
	}
	top := get("top_dir", ".")
	s.plan = filepath.Join(src.dir, get("plan_file", filepath.Join(top, "sqitch.plan")))
	s.extension = get("extension", "sql")
	for _, kind := range []string{"deploy", "revert", "verify"} {
		s.dirs[kind] = filepath.Join(src.dir, get(kind+"_dir", filepath.Join(top, kind)))
		s.reworked[kind] = filepath.Join(src.dir, get("reworked_dir", top), get(kind+"_dir", kind))
		if dir := get("reworked_"+kind+"_dir", ""); dir != "" {
			s.reworked[kind] = filepath.Join(src.dir, dir)
		} else if get("reworked_dir", "") == "" {
			s.reworked[kind] = s.dirs[kind]
		}
	}
	if registry := get("registry", "sqitch"); registry != "sqitch" {
		s.table = quoted(registry) + ".changes"
	}
	maps.Copy(s.variables, src.data)
	return s, nil
}
