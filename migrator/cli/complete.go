package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/graph"
)

const noFiles = cobra.ShellCompDirectiveNoFileComp

// completeFlags says what a shell offers as values of flags: what the placeholder in the help
// stands for. Without it cobra offers files for every flag.
func (p *program) completeFlags(cmd *cobra.Command, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if settings.Known(f) {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, p.valuesOf(f)) // an error for a flag that has one already
		}
	})
}

// valuesOf returns what is offered as value of a flag.
func (p *program) valuesOf(f *pflag.Flag) cobra.CompletionFunc {
	placeholder := settings.Placeholder(f)
	if choices := settings.Choices(f.Value); choices != nil {
		return cobra.FixedCompletions(choices, noFiles)
	}
	first, rest, _ := strings.Cut(placeholder, "|")
	if rest == "FILE" {
		first = rest
	}
	switch strings.TrimSuffix(first, ",…") {
	case "":
		return cobra.FixedCompletions([]string{"true", "false"}, noFiles)
	case "FILE", "REPORT":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	case "DIR":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	case "REV", "TARGET", "A:B":
		return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return p.targetsFor(cmd, typed)
		}
	case "SCHEMA":
		return p.completeSchema
	case "ACTION":
		return listOf(actions)
	case "TOOL":
		return cobra.FixedCompletions(adoptTools, noFiles)
	}
	return cobra.NoFileCompletions
}

// listOf returns a function that completes the last word of a list with commas.
func listOf(words []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndexByte(typed, ',')+1]
		var found []string
		for _, w := range words {
			if !slices.Contains(strings.Split(before, ","), w) {
				found = append(found, before+w)
			}
		}
		return withPrefix(found, typed), noFiles
	}
}

// completeTarget offers the arguments of a command that takes targets.
func (p *program) completeTarget(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	switch {
	case cmd.Name() == "plan" && len(args) == 0:
		return withPrefix(planVerbs, typed), noFiles
	case cmd.Name() == "diff":
		return p.completeSchema(cmd, args, typed)
	}
	found, directive := p.targetsFor(cmd, typed)
	return slices.DeleteFunc(found, func(c cobra.Completion) bool {
		word, _, _ := strings.Cut(c, "\t")
		return slices.Contains(args, word)
	}), directive
}

// completeSchema offers what names a schema. The shell adds files if none of it fits.
func (p *program) completeSchema(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	words := []string{cobra.CompletionWithDesc("database", "the configured database"), cobra.CompletionWithDesc("applied", "the applied revisions")}
	targets, _ := p.targetsFor(cmd, typed)
	targets = slices.DeleteFunc(targets, func(c cobra.Completion) bool { return c == "current" })
	return append(withPrefix(words, typed), targets...), cobra.ShellCompDirectiveDefault
}

// targetsFor offers ids, labels and the names of targets for the end of what was typed, which may be a
// list with commas, a range a:b and label@target.
func (p *program) targetsFor(cmd *cobra.Command, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	_ = p.settings.Resolve(cmd.Flags(), p.environ())
	if slices.Contains([]string{"merge", "edit", "rebase", "revision", "squash"}, cmd.Name()) {
		p.settings.Dir = p.dir() // these commands edit files on disk
	}
	set, err := p.load(migrator.Config{})
	if err != nil {
		return nil, noFiles
	}
	before := typed[:strings.LastIndexAny(typed, ",:")+1]
	label, _, onBranch := strings.Cut(typed[len(before):], "@")
	words := targetWords(set.Files())
	if onBranch {
		before += label + "@"
		words = branchWords(set.Files(), label)
	}
	for i := range words {
		words[i] = before + words[i]
	}
	return withPrefix(words, typed), noFiles | cobra.ShellCompDirectiveKeepOrder
}

// targetWords returns the targets that are a word.
func targetWords(files *migrator.Files) []cobra.Completion {
	words := []string{"head", "heads", "base", "current"}
	for _, rev := range files.Revisions() {
		words = append(words, cobra.CompletionWithDesc(rev.ID, terminal.Clip(rev.Subject())))
		for _, label := range rev.BranchLabels {
			words = append(words, cobra.CompletionWithDesc(label, "branch of "+rev.ID), cobra.CompletionWithDesc(label+"@head", "its head"))
		}
	}
	return words
}

// branchWords returns what may follow label@.
func branchWords(files *migrator.Files, label string) []cobra.Completion {
	words := []string{"head", "heads", "base"}
	for _, rev := range files.Revisions() {
		if ids, err := files.Graph().Resolve(graph.Set{}, label+"@"+rev.ID); err == nil && len(ids) == 1 {
			words = append(words, cobra.CompletionWithDesc(rev.ID, terminal.Clip(rev.Subject())))
		}
	}
	return words
}

func withPrefix(words []cobra.Completion, typed string) []cobra.Completion {
	var found []cobra.Completion
	for _, w := range words {
		if strings.HasPrefix(w, typed) {
			found = append(found, w)
		}
	}
	return found
}
