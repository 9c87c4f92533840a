package schema

import (
	"fmt"
	"slices"
	"strings"
)

// privilegeNames are the privileges by their letter in an access control list (PostgreSQL manual, table 5.1).
var privilegeNames = map[byte]string{
	'r': "SELECT", 'a': "INSERT", 'w': "UPDATE", 'd': "DELETE", 'D': "TRUNCATE", 'x': "REFERENCES", 't': "TRIGGER",
	'X': "EXECUTE", 'U': "USAGE", 'C': "CREATE", 'c': "CONNECT", 'T': "TEMPORARY", 's': "SET", 'A': "ALTER SYSTEM",
	'm': "MAINTAIN",
}

// ACL is an access control list as the server prints it, and what is needed to normalize it.
type ACL struct {
	Text string // an aclitem[], or "" for NULL: the default
	// Default is the result of acldefault for the kind and the owner, or "" for a kind without one, such as columns.
	Default string
	// All has the letters of all privileges that exist for the kind in this version. With a single one, or with "",
	// privileges are never summed up as ALL.
	All   string
	Owner string // the role that owns the object, not quoted
}

// ACLError reports an access control list that cannot be read.
type ACLError struct{ Text string }

func (e *ACLError) Error() string { return fmt.Sprintf("not an access control list: %q", e.Text) }

// Privileges returns an access control list as its difference from the default of its kind, one privilege a line, such
// as "- PUBLIC EXECUTE", "+ joe SELECT" and "+ joe UPDATE* ann".
//
// A minus is a privilege that the default has and the list has not, a plus the other way round. A star is the grant
// option, and the last word is the grantor unless that is the owner. OWNER is the owner and
// PUBLIC for everybody; roles with such names are quoted. ALL is written for all privileges of the kind. Therefore NULL and
// the explicit default are both "", a privilege that is new in a version and part of ALL makes no difference, and the
// result does not depend on who owns the object. The lines are sorted. The error is an *ACLError.
func (a ACL) Privileges() (string, error) {
	if a.Text == "" {
		return "", nil
	}
	have, err := parseACL(a.Text)
	if err != nil {
		return "", err
	}
	byDefault, err := parseACL(a.Default)
	if err != nil {
		return "", err
	}
	var lines []string
	for _, item := range byDefault {
		lines = append(lines, a.lines("-", item, item.privileges.without(have.of(item)))...)
	}
	for _, item := range have {
		lines = append(lines, a.lines("+", item, item.privileges.without(byDefault.of(item)))...)
	}
	// All minus signs come first: "+" sorts before "-".
	slices.SortFunc(lines, func(x, y string) int {
		if x[0] != y[0] {
			return int(y[0]) - int(x[0])
		}
		return strings.Compare(x, y)
	})
	return strings.Join(lines, "\n"), nil
}

// lines returns a line for each privilege, or one for ALL.
func (a ACL) lines(sign string, item aclItem, privileges privilegeSet) []string {
	grantor := ""
	if item.grantor != a.Owner {
		grantor = " " + QuoteIdent(item.grantor)
	}
	line := func(privilege string) string { return sign + " " + a.role(item.grantee) + " " + privilege + grantor }
	if option, all := privileges.uniform(a.All); all && len(a.All) > 1 {
		return []string{line("ALL" + option)}
	}
	var lines []string
	for letter, option := range privileges {
		name := privilegeNames[letter]
		if name == "" {
			name = string(letter) // of a version that is newer than this program
		}
		lines = append(lines, line(name+option))
	}
	return lines
}

func (a ACL) role(name string) string {
	switch name {
	case "":
		return "PUBLIC"
	case a.Owner:
		return "OWNER"
	}
	return QuoteIdent(name)
}

// privilegeSet has the grant option, "*" or "", of each privilege.
type privilegeSet map[byte]string

// without returns the privileges of p that are not in other. Without the grant option, a privilege is in other also if it
// has the option there.
func (p privilegeSet) without(other privilegeSet) privilegeSet {
	rest := privilegeSet{}
	for letter, option := range p {
		if have, ok := other[letter]; !ok || option == "*" && have == "" {
			rest[letter] = option
		}
	}
	return rest
}

// uniform reports whether p has exactly the privileges of all, either all with the grant option or all without.
func (p privilegeSet) uniform(all string) (option string, ok bool) {
	if len(p) != len(all) || all == "" {
		return "", false
	}
	option = p[all[0]]
	for _, letter := range []byte(all) {
		if have, ok := p[letter]; !ok || have != option {
			return "", false
		}
	}
	return option, true
}

type aclItem struct {
	grantee, grantor string // "" is PUBLIC
	privileges       privilegeSet
}

type aclItems []aclItem

// of returns the privileges that the same grantor gave to the same grantee.
func (l aclItems) of(item aclItem) privilegeSet {
	for _, i := range l {
		if i.grantee == item.grantee && i.grantor == item.grantor {
			return i.privileges
		}
	}
	return nil
}

// parseACL reads the text of an aclitem[]: {joe=r*w/ann,"\"odd role\"=U/ann",=r/ann}.
func parseACL(text string) (aclItems, error) {
	if text == "" {
		return nil, nil
	}
	body, ok := strings.CutPrefix(text, "{")
	body, ok2 := strings.CutSuffix(body, "}")
	if !ok || !ok2 {
		return nil, &ACLError{text}
	}
	var items aclItems
	for body != "" {
		var element string
		element, body = arrayElement(body)
		item, ok := parseACLItem(element)
		if !ok {
			return nil, &ACLError{text}
		}
		items = append(items, item)
	}
	return items, nil
}

// arrayElement cuts the first element off the inside of an array's text.
func arrayElement(s string) (element, rest string) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			return b.String(), s[i+1:]
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// parseACLItem reads grantee=privileges/grantor.
func parseACLItem(s string) (aclItem, bool) {
	grantee, s, ok := aclRole(s, '=')
	if !ok {
		return aclItem{}, false
	}
	letters, s, ok := strings.Cut(s, "/")
	if !ok {
		return aclItem{}, false
	}
	grantor, _, _ := aclRole(s, 0)
	item := aclItem{grantee: grantee, grantor: grantor, privileges: privilegeSet{}}
	for letters != "" {
		letter := letters[0]
		option := ""
		if letters = letters[1:]; strings.HasPrefix(letters, "*") {
			option, letters = "*", letters[1:]
		}
		item.privileges[letter] = option
	}
	return item, true
}

// aclRole cuts off a role, which is quoted if it contains anything but letters, digits and underscores, and the byte after
// it; 0 is the end of the text.
func aclRole(s string, end byte) (role, rest string, ok bool) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' && quoted && i+1 < len(s) && s[i+1] == '"':
			b.WriteByte('"')
			i++
		case c == '"':
			quoted = !quoted
		case c == end && !quoted:
			return b.String(), s[i+1:], true
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", end == 0
}
