package migrator

import (
	"iter"
	"slices"
	"strconv"

	"example.com/ambix/migrator/schema"
)

// decideRenames applies the renames of the options, and asks about others until none is left.
func (w *draftWriter) decideRenames(d *SchemaDiff) error {
	for _, text := range w.options.Renames {
		key, err := d.rename(text)
		if err != nil {
			return err
		}
		if d.To.Object(key) == nil {
			return &ConfigError{Setting: "rename", Value: text, Reason: "the desired schema has no " + key.String()}
		}
	}
	denied := map[schema.Renaming]bool{}
	for {
		d.compare()
		r, found, err := w.nextRename(d.PossibleRenames, denied)
		if err != nil || !found {
			return err
		}
		if err := d.apply(r.Renaming); err != nil {
			return err
		}
	}
}

// nextRename returns a rename that is one for sure.
func (w *draftWriter) nextRename(possible []PossibleRename, denied map[schema.Renaming]bool) (sure PossibleRename, found bool, err error) {
	var open []PossibleRename
	for _, r := range possible {
		switch {
		case hasRows(r.Key.Kind) && !ownedSequence(r):
			open = append(open, r)
		case isOnly(r, possible):
			return r, true, nil
		}
	}
	if w.options.NoRename {
		return sure, false, nil
	}
	if w.options.AskRename == nil && len(open) > 0 {
		return sure, false, &DraftError{Problem: DraftRenames, Renames: open}
	}
	open = slices.DeleteFunc(open, func(r PossibleRename) bool { return denied[r.Renaming] })
	for group := range renamesOfEach(open) {
		i, err := w.options.AskRename(group)
		if err != nil {
			return sure, false, err
		}
		if i >= 0 {
			return group[i], true, nil
		}
		for _, r := range group {
			denied[r.Renaming] = true
		}
	}
	return sure, false, nil
}

// renamesOfEach returns the renames that could be meant for each object, and those to another schema apart from the others. They
// are sorted by their objects.
func renamesOfEach(possible []PossibleRename) iter.Seq[[]PossibleRename] {
	return func(yield func([]PossibleRename) bool) {
		for len(possible) > 0 {
			n := 1
			for n < len(possible) && possible[n].Key == possible[0].Key && possible[n].Verb() == possible[0].Verb() {
				n++
			}
			if !yield(slices.Clip(possible[:n])) {
				return
			}
			possible = possible[n:]
		}
	}
}

// hasRows reports whether a rename keeps values that a drop would lose. For all other objects a rename leads to the same as
// a drop, and takes less time.
func hasRows(k schema.Kind) bool {
	return k == schema.Table || k == schema.Column || k == schema.Sequence
}

// ownedSequence reports whether both names are those of the sequence that belongs to one column.
func ownedSequence(r PossibleRename) bool { return r.Key.Kind == schema.Sequence && r.owned }

// isOnly reports whether no other object could have the old or the new name of a rename.
func isOnly(r PossibleRename, possible []PossibleRename) bool {
	return !slices.ContainsFunc(possible, func(other PossibleRename) bool {
		return other != r && other.Key.Kind == r.Key.Kind && (other.Key == r.Key || other.To() == r.To())
	})
}

// undoRenames returns the renames that undo renames, in their order, in the schema that is there afterwards. What has got one of the
// old names in the meantime is dropped by the same script, and has another name until then.
func undoRenames(before, after *schema.Schema, renames []schema.Renaming) ([]schema.Renaming, error) {
	var undo []schema.Renaming
	state := before
	for _, r := range renames {
		renamed, key, err := state.Renamed(r)
		if err != nil {
			return nil, err
		}
		back := schema.Renaming{Key: key, Name: state.Object(r.Key).Name}
		if r.Schema != "" {
			back.Schema = state.Object(r.Key).Schema
		}
		undo = append(undo, back)
		state = renamed
	}
	var list []schema.Renaming
	for _, r := range slices.Backward(undo) {
		if after.Object(r.Key) == nil {
			continue // an index that the first script drops, and a later one makes again
		}
		renamed, _, err := after.Renamed(r)
		for err != nil {
			aside, moved := setAside(after, before, r)
			if moved == nil {
				return nil, err
			}
			list, after = append(list, aside), moved
			renamed, _, err = after.Renamed(r)
		}
		list, after = append(list, r), renamed
	}
	return list, nil
}

// setAside returns a rename of what has the name that another rename would give, to a name that neither schema has, and the schema
// with it. The schema is nil if nothing can be renamed.
func setAside(s, other *schema.Schema, r schema.Renaming) (schema.Renaming, *schema.Schema) {
	for _, o := range s.Holders(r) {
		if o.Key.Kind == schema.Column && r.Key.Kind != schema.Column {
			continue // it is the sequence of the column
		}
		for i := range 10 {
			suffix := "__new"
			if i > 0 {
				suffix += strconv.Itoa(i)
			}
			aside := schema.Renaming{Key: o.Key, Name: schema.ClipName(o.Name, len(suffix)) + suffix}
			if renamed, key, err := s.Renamed(aside); err == nil && other.Object(key) == nil {
				return aside, renamed
			}
		}
	}
	return schema.Renaming{}, nil
}
