package cli

import (
	"bufio"
	"context"
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// canAsk reports whether a person can answer questions: both ends are terminals, and no program reads the output.
func (r *run) canAsk() bool {
	return terminal.IsTerminal(r.cmd.InOrStdin()) && terminal.IsTerminal(r.cmd.ErrOrStderr()) && !r.settings.JSON && r.settings.LogFormat == settings.LogText
}

// asker asks questions on a terminal.
type asker struct {
	*run
	answers chan string // lines, until the input ends
}

func (r *run) newAsker() *asker { return &asker{run: r} }

// renamed asks which one of the possible renames of one object is meant, and returns its index, or -1 for none of them.
func (a *asker) renamed(possible []migrator.PossibleRename) (int, error) {
	var names []string
	for _, r := range possible {
		names = append(names, newName(r.Renaming))
	}
	r := possible[0]
	question := strings.ToLower(r.Key.Kind.String()) + " " + r.Key.Name + ": was it " + r.Verb() + " to "
	const otherwise = "? Otherwise it is dropped with what it contains."
	chosen := -1
	if len(names) == 1 {
		err := a.ask(question+names[0]+otherwise+" [y/n] ", func(answer string) bool {
			switch strings.ToLower(answer) {
			case "y", "yes":
				chosen = 0
				return true
			}
			return isNo(answer)
		})
		return chosen, err
	}
	last := len(names) - 1
	err := a.ask(question+strings.Join(names[:last], ", ")+" or "+names[last]+otherwise+" [name or n] ", func(answer string) bool {
		chosen = slices.Index(names, answer)
		return chosen >= 0 || isNo(answer)
	})
	return chosen, err
}

func isNo(answer string) bool {
	answer = strings.ToLower(answer)
	return answer == "n" || answer == "no"
}

// ask asks a question until an answer is accepted. The error is that of the context, or a *settings.UsageError when the input ends.
func (a *asker) ask(question string, accept func(answer string) bool) error {
	if a.answers == nil {
		a.answers = make(chan string)
		go a.read()
	}
	a.log.EndStep()
	out := a.newOutput(a.cmd.ErrOrStderr())
	for {
		out.Print(question)
		select {
		case <-a.ctx.Done():
			return context.Cause(a.ctx)
		case answer, ok := <-a.answers:
			if ok && accept(strings.TrimSpace(answer)) {
				return nil
			}
			if !ok {
				out.Print("\n")
				return &settings.UsageError{Text: "the question was not answered; nothing was written"}
			}
		}
	}
}

// read sends the lines of the input. It ends with the input, or with the program.
func (a *asker) read() {
	defer close(a.answers)
	for lines := bufio.NewScanner(a.cmd.InOrStdin()); lines.Scan(); {
		a.answers <- lines.Text()
	}
}
