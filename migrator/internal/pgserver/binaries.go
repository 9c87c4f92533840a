package pgserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// Binaries is a folder with the initdb, pg_ctl and postgres of one version.
type Binaries struct {
	Dir   string
	Major int
}

// Find returns the binaries of a major version or, for 0, the newest of the system.
// The cache of scripts/servers comes last, so that filling it does not change which version
// plain go test uses.
func Find(version int) (Binaries, error) {
	system := System()
	if version == 0 && len(system) > 0 {
		return system[0], nil
	}
	all := slices.Concat(system, cachedBinaries())
	for _, b := range all {
		if version == 0 || b.Major == version {
			return b, nil
		}
	}
	wanted := "no PostgreSQL server"
	if version != 0 {
		wanted = fmt.Sprintf("no server of PostgreSQL %d", version)
	}
	return Binaries{}, fmt.Errorf("%s in /usr/lib/postgresql/*/bin, in PATH or in %s", wanted, cacheDir())
}

// System returns those of the system's packages, newest first.
func System() []Binaries {
	patterns := []string{
		"/usr/lib/postgresql/*/bin",            // Debian, Ubuntu
		"/usr/pgsql-*/bin",                     // PostgreSQL's own RPMs
		"/opt/homebrew/opt/postgresql@*/bin",   // Homebrew
		"/usr/local/opt/postgresql@*/bin",      //
		"/Applications/Postgres.app/*/*/*/bin", // Postgres.app
	}
	if postgres, err := exec.LookPath("postgres"); err == nil {
		patterns = append(patterns, filepath.Dir(postgres))
	}
	return newestFirst(patterns...)
}

func cachedBinaries() []Binaries {
	return newestFirst(filepath.Join(cacheDir(), "node_modules/pg*/native/bin"))
}

// cacheDir is the folder of scripts/servers. For root it is not in the home directory, which
// the servers' user could not read.
func cacheDir() string {
	if os.Geteuid() == 0 {
		return "/var/cache/ambix/pg-servers"
	}
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		cache = filepath.Join(os.Getenv("HOME"), ".cache")
	}
	return filepath.Join(cache, "ambix/pg-servers")
}

func newestFirst(patterns ...string) []Binaries {
	var found []Binaries
	for _, pattern := range patterns {
		dirs, _ := filepath.Glob(pattern) // the patterns are well formed
		for _, dir := range dirs {
			if major := majorOf(dir); major != 0 {
				found = append(found, Binaries{dir, major})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Binaries) int { return b.Major - a.Major })
	return found
}

var versionText = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// majorOf returns the major version, or 0 for a folder without a complete, working server.
func majorOf(dir string) int {
	for _, name := range []string{"initdb", "pg_ctl"} {
		if !Executable(filepath.Join(dir, name)) {
			return 0
		}
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	m := versionText.FindSubmatch(out)
	if m == nil {
		return 0
	}
	major, _ := strconv.Atoi(string(m[1]))
	return major
}

func Executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
