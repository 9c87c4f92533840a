package migrator

import (
	"slices"

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
	for _, r := range open {
		if denied[r.Renaming] {
			continue
		}
		yes, err := w.options.AskRename(r)
		if yes || err != nil {
			return r, err == nil, err
		}
		denied[r.Renaming] = true
	}
	return sure, false, nil
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

// undoRenames returns the renames that undo renames, in their order.
func undoRenames(s *schema.Schema, renames []schema.Renaming) ([]schema.Renaming, error) {
	var undo []schema.Renaming
	for _, r := range renames {
		renamed, key, err := s.Renamed(r)
		if err != nil {
			return nil, err
		}
		back := schema.Renaming{Key: key, Name: s.Object(r.Key).Name}
		if r.Schema != "" {
			back.Schema = s.Object(r.Key).Schema
		}
		undo = append(undo, back)
		s = renamed
	}
	slices.Reverse(undo)
	return undo, nil
}
