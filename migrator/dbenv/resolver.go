package dbenv

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"strings"
)

// resolver finds out which database the variables name, and gathers all that is wrong.
type resolver struct {
	environ  map[string]string
	db       variables
	broken   []Problem // variables of DB_* that cannot be read
	libpq    settings
	problems []Problem
	passFile string // DB_PASS_FILE, when the password is to be read at every connect
}

func newResolver(environ []string) *resolver {
	r := &resolver{environ: environment(environ)}
	r.db, r.broken = parseVariables(r.environ)
	r.libpq, r.problems = libpqSettings(r.environ)
	return r
}

// resolve settles every key but a password that stands in a file. The result means
// nothing when there are problems.
func (r *resolver) resolve(flag string) settings {
	set, useDB := r.name(flag)
	if set == nil {
		return nil
	}
	if useDB {
		r.addPassword(set)
		set.add(r.db.tls())
	}
	set.add(r.libpq)
	if set["sslrootcert"].from == "DB_SSLROOTCERT" && set["sslmode"].value == "" {
		set.put("sslmode", "verify-full", "DB_SSLROOTCERT")
	}
	r.problems = append(r.problems, set.check()...)
	r.problems = append(r.problems, set.checkRootCert()...)
	r.addUser(set)
	return set
}

// name gives the settings of the family that names the database, nil when there is none,
// and whether DB_* may add to them.
func (r *resolver) name(flag string) (set settings, useDB bool) {
	if strings.TrimSpace(flag) != "" {
		set = r.url(flag, urlFlag)
		return set, len(r.broken) == 0 && len(r.disagreements(set, urlFlag)) == 0
	}
	r.problems = append(r.problems, r.broken...)
	switch {
	case strings.TrimSpace(r.db.URL) != "":
		if set = r.url(r.db.URL, urlVariable); set != nil {
			r.problems = append(r.problems, r.disagreements(set, urlVariable)...)
			r.problems = append(r.problems, r.disagreementsAside(set)...)
		}
		return set, true
	case r.db.names():
		if r.db.Name == "" {
			r.report("DB_NAME", "is not set, but %s is; set it to the database to migrate%s", r.db.first(), lookalikes(r.environ))
		}
		return r.db.naming(), true
	case libpqNames(r.environ):
		return r.libpq, true
	case len(r.problems) == 0:
		r.report("", "%s", nothing(r.environ))
	}
	return nil, false
}

func (r *resolver) report(name, format string, args ...any) {
	r.problems = append(r.problems, Problem{name, fmt.Sprintf(format, args...)})
}

// url reads a URL, and the service that it may name. Nil: it cannot be read.
func (r *resolver) url(text, from string) settings {
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

// disagreements are the points in which DB_* name another database than a URL.
func (r *resolver) disagreements(set settings, from string) []Problem {
	var problems []Problem
	naming := r.db.naming()
	for _, key := range []string{"host", "port", "database", "user"} {
		ours, theirs := set.value(key, implied(set, key)), naming[key]
		if theirs.value == "" || sameName(key, ours, theirs.value) || r.db.isLink(key) {
			continue
		}
		says := fmt.Sprintf("names the %s %q", key, ours)
		if ours == "" {
			says = "names no " + key
		}
		problems = append(problems, Problem{from, fmt.Sprintf("%s, but %s says %q; unset one of them or make them agree", says, theirs.from, theirs.value)})
	}
	return problems
}

// disagreementsAside are the points in which DB_* and DATABASE_URL differ that name no
// database: password and TLS.
// No value is shown.
func (r *resolver) disagreementsAside(set settings) []Problem {
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
			problems = append(problems, Problem{urlVariable, fmt.Sprintf("has another %s than %s; unset one of them or make them agree", key, theirs[key].from)})
		}
	}
	return problems
}

// implied is what libpq takes for a key that is absent.
func implied(set settings, key string) string {
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
		return oneForAll(a) == oneForAll(b)
	}
	return a == b
}

// oneForAll is a list of ports that are all the same as that port: 5432,,5432 is 5432.
func oneForAll(ports string) string {
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

// addPassword takes the password of DB_PASS or DB_PASS_FILE when there is none yet. A file
// is read here too, to say at once that it cannot be; what is no regular file (a pipe)
// can be read only this once.
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

// addUser settles the user, because PGUSER of the process must not do it.
func (r *resolver) addUser(set settings) {
	if set["user"].value != "" {
		return
	}
	u, err := user.Current()
	if err != nil || u.Username == "" {
		r.report("", "no user is named, and the operating system has no name for this process; set DB_USER, or name the user in the URL")
		return
	}
	set.put("user", u.Username, "the operating system")
}

// nothing is the message when no variable names a database.
func nothing(environ map[string]string) string {
	text := "no database is named; set DATABASE_URL, or DB_HOST, DB_NAME, DB_USER and DB_PASS (or DB_PASS_FILE), or PGHOST, PGDATABASE, PGUSER and PGPASSWORD; for example\n" +
		"  export DATABASE_URL=" + urlForm
	if environ[passVariable] != "" || environ[passFileVariable] != "" {
		text += "\n(a password alone names no database: DB_NAME is missing)"
	}
	return text + lookalikes(environ)
}
