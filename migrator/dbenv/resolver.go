package dbenv

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"strings"
)

// resolver combines the variables into settings and collects the problems.
type resolver struct {
	environ    map[string]string
	urlName    string // Options.DatabaseURLName
	db         variables
	dbProblems []Problem // malformed DB_* variables
	libpq      settings
	problems   []Problem
	noDatabase bool
	passFile   string // DB_PASS_FILE, if the password is to be read for every connection
}

func newResolver(environ []string, urlName string) *resolver {
	r := &resolver{environ: environment(environ), urlName: urlName}
	r.db, r.dbProblems = parseVariables(r.environ)
	r.libpq, r.problems = libpqSettings(r.environ)
	return r
}

// resolve returns all settings except a password that is in a file. The result is only
// valid if there are no problems.
func (r *resolver) resolve(url string) settings {
	set, useDB := r.namingFamily(url)
	if set == nil {
		return nil
	}
	if useDB {
		r.addPassword(set)
		set.addMissing(r.db.tls())
	}
	set.addMissing(r.libpq)
	if set["sslrootcert"].from == "DB_SSLROOTCERT" && set["sslmode"].value == "" {
		set.put("sslmode", "verify-full", "DB_SSLROOTCERT")
	}
	r.problems = append(r.problems, set.check()...)
	r.problems = append(r.problems, set.checkRootCert()...)
	r.problems = append(r.problems, set.checkFiles()...)
	r.addUser(set)
	return set
}

// namingFamily returns the settings of the family that names the database, nil if there is
// none, and whether DB_* may add to them.
func (r *resolver) namingFamily(url string) (set settings, useDB bool) {
	if strings.TrimSpace(url) != "" {
		set = r.parse(url, r.urlName)
		return set, len(r.dbProblems) == 0 && len(r.namingConflicts(set, r.urlName)) == 0
	}
	r.problems = append(r.problems, r.dbProblems...)
	switch {
	case strings.TrimSpace(r.db.URL) != "":
		if set = r.parse(r.db.URL, urlVariable); set != nil {
			r.problems = append(r.problems, r.namingConflicts(set, urlVariable)...)
			r.problems = append(r.problems, r.secretConflicts(set)...)
		}
		return set, true
	case r.db.nameDatabase():
		if r.db.Name == "" {
			r.report("DB_NAME", "is not set, but %s is; set it to the name of the database%s", r.db.firstSet(), similarVariables(r.environ))
		}
		return r.db.naming(), true
	case libpqNamesDatabase(r.environ):
		return r.libpq, true
	case len(r.problems) == 0:
		r.noDatabase = true
		r.report("", "%s", noDatabaseMessage(r.environ))
	}
	return nil, false
}

func (r *resolver) report(name, format string, args ...any) {
	r.problems = append(r.problems, Problem{name, fmt.Sprintf(format, args...)})
}

// parse parses a URL or key=value pairs, and reads the service that they may name. It
// returns nil after reporting a problem.
func (r *resolver) parse(text, from string) settings {
	entries, err := parseConnection(text)
	if err != nil {
		r.report(from, "%s", err)
		return nil
	}
	set := settings{}
	if service := entries["service"]; service != "" {
		file := entries["servicefile"]
		if file == "" {
			file = r.environ["PGSERVICEFILE"]
		}
		defaults, err := serviceSettings(service, file)
		if err != nil {
			r.report(from, "%s", err)
			return nil
		}
		set.putAll(defaults, from)
	}
	delete(entries, "service")
	delete(entries, "servicefile")
	set.putAll(entries, from)
	return set
}

// namingConflicts returns the points in which DB_* name another database than a URL.
func (r *resolver) namingConflicts(set settings, from string) []Problem {
	var problems []Problem
	naming := r.db.naming()
	for _, key := range []string{"host", "port", "database", "user"} {
		ours, theirs := set.value(key, libpqDefault(set, key)), naming[key]
		if theirs.value == "" || sameName(key, ours, theirs.value) || r.db.fromServiceLink(key) {
			continue
		}
		has := fmt.Sprintf("has the %s %q", key, ours)
		if ours == "" {
			has = "has no " + key
		}
		problems = append(problems, Problem{from, fmt.Sprintf("%s, but %s is %q; unset one of them or make them agree", has, theirs.from, theirs.value)})
	}
	return problems
}

// secretConflicts returns the differences in password and TLS settings between DB_* and
// DATABASE_URL, without the values.
func (r *resolver) secretConflicts(set settings) []Problem {
	theirs := r.db.tls()
	theirs.put("password", r.db.Pass, passVariable)
	if r.db.PassFile != "" && set["password"].value != "" {
		password, err := readSecret(r.db.PassFile)
		if err != nil {
			return []Problem{{passFileVariable, err.Error()}}
		}
		theirs.put("password", password, passFileVariable)
	}
	var problems []Problem
	for _, key := range []string{"password", "sslmode", "sslrootcert"} {
		if ours := set[key].value; ours != "" && theirs[key].value != "" && ours != theirs[key].value {
			problems = append(problems, Problem{urlVariable, fmt.Sprintf("%s differs from %s; unset one of them or make them agree", key, theirs[key].from)})
		}
	}
	return problems
}

// libpqDefault returns libpq's default for a naming key.
func libpqDefault(set settings, key string) string {
	switch key {
	case "port":
		return "5432"
	case "database":
		return set.value("user", "")
	}
	return ""
}

// sameName compares two values of a naming key.
func sameName(key, a, b string) bool {
	switch key {
	case "host":
		return strings.EqualFold(a, b)
	case "port":
		return commonPort(a) == commonPort(b)
	}
	return a == b
}

// commonPort returns the port that all elements of a list have, or the list if they
// differ: 5432 for "5432,,5432".
func commonPort(ports string) string {
	list := strings.Split(ports, ",")
	for i := range list {
		if list[i] == "" {
			list[i] = "5432"
		}
	}
	if list = slices.Compact(list); len(list) == 1 {
		return list[0]
	}
	return ports
}

// addPassword adds the password of DB_PASS or DB_PASS_FILE if there is none yet. The file is
// read here to report problems early; anything but a regular file, such as a pipe, can be
// read only once.
func (r *resolver) addPassword(set settings) {
	if set["password"].value != "" {
		return
	}
	set.put("password", r.db.Pass, passVariable)
	if r.db.PassFile == "" {
		return
	}
	password, err := readSecret(r.db.PassFile)
	if err != nil {
		r.report(passFileVariable, "%s", err)
		return
	}
	if info, err := os.Stat(r.db.PassFile); err == nil && info.Mode().IsRegular() {
		r.passFile = r.db.PassFile
		return
	}
	set.put("password", password, passFileVariable)
}

// operatingSystem is the origin of a user that no variable names.
const operatingSystem = "the operating system"

// addUser sets the user to that of the operating system if there is none. The driver would
// take it from PGUSER of the process.
func (r *resolver) addUser(set settings) {
	if set["user"].value != "" {
		return
	}
	u, err := user.Current()
	if err != nil || u.Username == "" {
		r.report("", "no user is set, and the operating system has no name for the user of this process; set DB_USER, or add the user to the URL")
		return
	}
	set.put("user", u.Username, operatingSystem)
}

func noDatabaseMessage(environ map[string]string) string {
	text := ErrNoDatabase.Error() + "; set DATABASE_URL, or DB_HOST, DB_NAME, DB_USER and DB_PASS (or DB_PASS_FILE), or PGHOST, PGDATABASE, PGUSER and PGPASSWORD; for example\n" +
		"  export DATABASE_URL=" + urlForm
	if environ[passVariable] != "" || environ[passFileVariable] != "" {
		text += "\n(a password is set, but DB_NAME is not)"
	}
	return text + similarVariables(environ)
}
