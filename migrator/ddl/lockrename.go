package ddl

import (
	"cmp"
	"slices"
	"strings"
)

// forget removes what a statement has dropped, and renames what it has renamed. Both count from the next statement on.
func (l *locker) forget(st Statement) {
	w := &words{tokens(st.SQL)}
	switch {
	case w.accept("DROP"):
		if !w.relationKind() {
			return
		}
		w.accept("CONCURRENTLY")
		dropped := l.relation(w.name())
		for _, r := range tree(dropped) {
			l.remove(r)
		}
	case w.accept("ALTER", "TYPE"), w.accept("ALTER", "DOMAIN"):
		l.renameType(w)
	case w.accept("ALTER"):
		if !w.relationKind() {
			return
		}
		w.accept("ONLY")
		l.rename(l.relation(w.name()), w)
	}
}

func (l *locker) rename(r *relation, w *words) {
	old := r.key.Name
	name := newName(old, w)
	if name == "" {
		return
	}
	l.renameTo(r, name)
	from, _, _ := cutLast(old, ".")
	to, _, _ := cutLast(name, ".")
	for _, part := range r.parts { // an index and a sequence of a table move with it
		l.renameTo(part, to+strings.TrimPrefix(part.key.Name, from))
	}
}

// renameType remembers the new name of a type or a domain.
func (l *locker) renameType(w *words) {
	old := w.name()
	name := newName(old, w)
	if name == "" {
		return
	}
	for _, r := range l.relations {
		if r.typed == old {
			r.typed = name
		}
	}
	l.types[name] = cmp.Or(l.types[old], old)
}

// newName returns the name that RENAME TO or SET SCHEMA gives, or "".
func newName(old string, w *words) string {
	of, name, _ := cutLast(old, ".")
	switch {
	case w.accept("RENAME", "TO"):
		return of + "." + w.name()
	case w.accept("SET", "SCHEMA"):
		return w.name() + "." + name
	}
	return ""
}

func (l *locker) renameTo(r *relation, name string) {
	delete(l.relations, r.key.Name)
	r.key.Name = name
	l.relations[name] = r
}

// remove removes a relation with its parts.
func (l *locker) remove(r *relation) {
	delete(l.relations, r.key.Name)
	for _, parent := range slices.Clone(r.parents) {
		r.unlink(parent)
	}
	for _, part := range r.parts {
		delete(l.relations, part.key.Name)
	}
	r.belong(nil, "")
	l.keys = slices.DeleteFunc(l.keys, func(k foreignKey) bool { return k.table == r || k.references == r })
}
