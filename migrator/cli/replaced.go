package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

func newReplacementDocuments(list []migrator.Replacement) []replacementDocument {
	var documents []replacementDocument
	for _, r := range list {
		documents = append(documents, replacementDocument{r.Revision, r.Message, string(r.State), r.Recorded, r.Missing, r.Unfinished})
	}
	return documents
}

// replacementLine names the rows that are exchanged.
func replacementLine(r migrator.Replacement) string {
	return text.Named(r.Revision, terminal.Clip(r.Message)) + " in the place of " + text.Count(len(r.Recorded), "revision")
}

// replaced prints that rows were exchanged.
func (rep *reporter) replaced(r migrator.Replacement) {
	rep.log.EndStep()
	if rep.settings.Quiet {
		return
	}
	line := "recorded " + replacementLine(r)
	rep.result(eventReplaced, []terminal.Cell{terminal.Plain.Cell(line)}, line, "revision", r.Revision, "replaced", list(r.Recorded))
}

// replacements shows revisions that replace some which the database has.
func (v *statusView) replacements() {
	for _, r := range v.Replacements {
		color := terminal.Plain
		if r.Conflicts() {
			color = terminal.Red
		}
		v.add("replaced", color.Cell(r.Revision), terminal.Plain.Cell(replacementText(r)))
	}
}

// replacementText says how a revision and those that it replaces fit.
func replacementText(r migrator.Replacement) string {
	recorded := text.Count(len(r.Recorded), "revision")
	switch {
	case r.State == migrator.ReplacementNewer && len(r.Missing) > 0:
		return "a newer program has recorded it in the place of " + fewIDs(r.Recorded) + ", and of " + text.Count(len(r.Missing), "revision") + " that this program does not know"
	case r.State == migrator.ReplacementNewer:
		return "a newer program has recorded it in the place of " + recorded + ", which count as applied"
	case r.State == migrator.ReplacementBoth:
		return "the ledger has it and also " + recorded + " that it replaces: " + fewIDs(r.Recorded)
	case len(r.Unfinished) > 0:
		return "it replaces revisions that are unfinished in this database: " + fewIDs(r.Unfinished)
	case r.State == migrator.ReplacementPartial:
		return "it replaces revisions of which this database has only " + fewIDs(r.Recorded) + "; it lacks " + fewIDs(r.Missing)
	}
	return "counts as applied; the next run records it in the place of " + recorded
}

// fewIDs lists a few ids, and counts the others.
func fewIDs(ids []string) string {
	const few = 6
	if len(ids) <= few {
		return text.List(ids, "and")
	}
	return text.List(append(slices.Clone(ids[:few-1]), fmt.Sprintf("%d more", len(ids)-few+1)), "and")
}

// replaced returns what to do about a database between the revisions that another one replaces.
func (a adviser) replaced(r migrator.Replacement) advice {
	stamp := a.only("record that "+r.Revision+" is applied, if the schema is exactly the one that it makes", []string{"stamp", r.Revision})
	if r.State == migrator.ReplacementBoth {
		return advice{"find out which is true: see `log`", []suggestion{stamp}}
	}
	folder := a.archive(r.Revision)
	if folder == "" {
		return advice{"upgrade it first, with a program that still contains them, to the last of them; then run this one again", nil}
	}
	if len(r.Unfinished) > 0 {
		return advice{"", []suggestion{a.only("see how to finish them", []string{"status"}, flagValue{"dir", folder})}}
	}
	changes := []flagValue{{"dir", folder}}
	if len(r.Others) > 0 { // these files do not contain them
		changes = append(changes, flagValue{"ahead", "ok"})
	}
	return advice{"", []suggestion{a.only("apply the others that it replaces", []string{"up", "heads"}, changes...)}}
}

// belowReplacement returns how to revert revisions that another one without a down script replaces.
func (a adviser) belowReplacement(e *migrator.RefusedError) advice {
	folder := a.archive(e.Revision)
	if folder == "" {
		return advice{"to revert one of those revisions, their files are needed, which squash has moved to " + terminal.Quote(filepath.ToSlash(filepath.Join(a.dir(), migrator.ReplacedFolder, e.Revision))), nil}
	}
	const how = "one of those revisions can be reverted with its own file"
	if e.Above {
		return advice{how + ", after what is above " + e.Revision, []suggestion{a.only("revert that first", []string{"down", e.Revision})}}
	}
	if e.Others { // to purge would forget them
		return advice{how + ", by a program from before the squash, which also contains the other revisions of this database", nil}
	}
	return advice{how + ", by a down with the same --dir after this", []suggestion{
		a.only("record them in the place of "+e.Revision, []string{"stamp", "heads"}, flagValue{"purge", "true"}, flagValue{"dir", folder}),
	}}
}

// archive returns the folder with the revisions that another one replaces, if it is on this machine.
func (a adviser) archive(id string) string {
	folder := filepath.Join(a.dir(), migrator.ReplacedFolder, id)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return ""
	}
	return filepath.ToSlash(folder)
}
