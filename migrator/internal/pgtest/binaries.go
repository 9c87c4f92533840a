package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// binaries is a folder with the initdb, pg_ctl and postgres of one version.
type binaries struct {
	dir   string
	major int
}

// findBinaries returns the binaries of a major version or, for 0, the newest of the system.
// The cache of scripts/servers comes last, so that filling it does not change which version
// plain go test uses.
func findBinaries(version int) (binaries, error) {
	system := systemBinaries()
	if version == 0 && len(system) > 0 {
		return system[0], nil
	}
	all := slices.Concat(system, cachedBinaries())
	for _, b := range all {
		if version == 0 || b.major == version {
			return b, nil
		}
	}
	if version == 0 {
		return binaries{}, fmt.Errorf("no PostgreSQL in /usr/lib/postgresql/*/bin, in PATH or in %s", cacheDir())
	}
	return binaries{}, fmt.Errorf("PostgreSQL %d is not installed; scripts/servers installs 13 to 18 into %s", version, cacheDir())
}

// systemBinaries returns those of packages, newest first.
func systemBinaries() []binaries {
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

func cachedBinaries() []binaries {
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

func newestFirst(patterns ...string) []binaries {
	var found []binaries
	for _, pattern := range patterns {
		dirs, _ := filepath.Glob(pattern) // the patterns are well formed
		for _, dir := range dirs {
			if major := majorOf(dir); major != 0 {
				found = append(found, binaries{dir, major})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b binaries) int { return b.major - a.major })
	return found
}

var versionText = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// majorOf returns the major version, or 0 for a folder without a complete, working server.
func majorOf(dir string) int {
	for _, name := range []string{"initdb", "pg_ctl"} {
		if !executable(filepath.Join(dir, name)) {
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

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
