package revision

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/name"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// The words of the accept key. All but the first two need an object.
const (
	AcceptIrreversible = "irreversible" // the revision has no down script
	AcceptNotInverse   = "not-inverse"  // the down script does not restore what was there before
	AcceptDestroys     = "destroys"     // it drops an object or data
	AcceptRewrites     = "rewrites"     // it rewrites a table
	AcceptScans        = "scans"        // it reads a whole table under a lock
	AcceptLocks        = "locks"        // it takes a lock that blocks others
	AcceptRenames      = "renames"      // it takes away a name that a running program may use
	AcceptAccess       = "access"       // it takes away a privilege or rows that a running program may use
	AcceptMayFail      = "may-fail"     // it fails if rows are not as it expects
	AcceptLockOrder    = "lock-order"   // it locks tables in another order than another revision or a foreign key
)

var acceptWords = []string{AcceptIrreversible, AcceptNotInverse, AcceptDestroys, AcceptRewrites, AcceptScans, AcceptLocks, AcceptRenames, AcceptAccess, AcceptMayFail, AcceptLockOrder}

// Acceptance is a finding that the author of a revision has acknowledged in its header.
type Acceptance struct {
	Word   string // one of the Accept constants
	Object string // such as account.nickname; "" for AcceptIrreversible and AcceptNotInverse
}

// String returns the acceptance as it is written.
func (a Acceptance) String() string { return strings.TrimSpace(a.Word + " " + a.Object) }

// Accepts reports whether the header acknowledges a finding. object is "" for AcceptIrreversible and AcceptNotInverse.
func (r *Revision) Accepts(word, object string) bool {
	return slices.Contains(r.Accept, Acceptance{word, object})
}

// AcceptsDestroying reports whether the header acknowledges that an object is destroyed; see Acceptance.Names.
func (r *Revision) AcceptsDestroying(name string) bool {
	return slices.ContainsFunc(r.Accept, func(a Acceptance) bool { return a.Word == AcceptDestroys && a.Names(name) })
}

// Names reports whether the object is the one with a name as the server prints it, such as public.account.nickname. The
// acceptance may leave out the schema: account.nickname is public.account.nickname too.
func (a Acceptance) Names(name string) bool {
	want, is := sqltext.SplitName(a.Object), sqltext.SplitName(name)
	if want == nil || is == nil { // not only a name
		object := lower(a.Object)
		schema, found := strings.CutSuffix(name, "."+object)
		return object == name || found && len(sqltext.SplitName(schema)) == 1
	}
	left := len(is) - len(want)
	return (left == 0 || left == 1) && slices.Equal(want, is[left:])
}

// Table returns the names of the table, as the catalogs have them, that the object is if it is one; schema is "" if it is left
// out. ok is false if it cannot be a table.
func (a Acceptance) Table() (schema, table string, ok bool) {
	switch names := sqltext.SplitName(a.Object); len(names) {
	case 1:
		return "", names[0], true
	case 2:
		return names[0], names[1], true
	}
	return "", "", false
}

// lower returns a text in lower case as the server has it: of what is not quoted, the letters of ASCII.
func lower(text string) string {
	parts := strings.Split(text, `"`)
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' {
				return r + 'a' - 'A'
			}
			return r
		}, parts[i])
	}
	return strings.Join(parts, `"`)
}

// acceptances returns the elements of the accept key.
func (p *parser) acceptances() []Acceptance {
	e := p.entries[keyAccept]
	if e.start == e.end {
		return nil
	}
	var list []Acceptance
	seen := name.NewSet(strings.Count(p.value(e), ",") + 1)
	for start, end := range p.words(e) {
		element := p.text[start:end]
		if element == "" {
			p.report(start, "%s: empty element in the list: remove the comma", keys[keyAccept])
			continue
		}
		a := Acceptance{Word: element}
		if i := strings.IndexAny(element, " \t"); i >= 0 {
			a = Acceptance{element[:i], strings.Trim(element[i:], " \t")}
		}
		if problem := a.problem(); problem != "" {
			p.report(start, "%s: %s", keys[keyAccept], problem)
		} else if !seen.Add(a.String()) {
			p.report(start, "%s: %s is listed twice", keys[keyAccept], text.Quote(a.String()))
			continue
		}
		list = append(list, a)
	}
	return list
}

// problem returns what is wrong with an acceptance, or "".
func (a Acceptance) problem() string {
	switch known := slices.Contains(acceptWords, a.Word); {
	case !known:
		problem := "unknown word " + text.Quote(a.Word)
		if near := text.Nearest(a.Word, acceptWords); near != "" {
			return problem + ": did you mean " + near + "?"
		}
		return problem + ": the words are " + strings.Join(acceptWords, ", ")
	case takesNoObject(a.Word) && a.Object != "":
		return a.Word + " takes no object: remove " + text.Quote(a.Object)
	case !takesNoObject(a.Word) && a.Object == "":
		return "missing object after " + a.Word + ": write it as " + a.Word + " account.nickname"
	case text.Visible(a.Object) != a.Object:
		return "the object " + text.Quote(a.Object) + " contains an invisible character"
	}
	return ""
}

func takesNoObject(word string) bool { return word == AcceptIrreversible || word == AcceptNotInverse }

// acceptValue returns acceptances as the value of the key.
func acceptValue(list []Acceptance) string {
	words := make([]string, len(list))
	for i, a := range list {
		words[i] = a.String()
	}
	return strings.Join(words, ", ")
}
