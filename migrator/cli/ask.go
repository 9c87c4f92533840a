package cli

import (
	"bufio"
	"context"
	"strings"

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

// yes asks a question until the answer is yes or no. The error is that of the context, or a *settings.UsageError when the
// input ends.
func (a *asker) yes(question string) (bool, error) {
	if a.answers == nil {
		a.answers = make(chan string)
		go a.read()
	}
	a.log.EndStep()
	out := a.newOutput(a.cmd.ErrOrStderr())
	for {
		out.Print(question + " [y/n] ")
		select {
		case <-a.ctx.Done():
			return false, context.Cause(a.ctx)
		case answer, ok := <-a.answers:
			switch strings.ToLower(strings.TrimSpace(answer)) {
			case "y", "yes":
				return true, nil
			case "n", "no":
				return false, nil
			}
			if !ok {
				out.Print("\n")
				return false, &settings.UsageError{Text: "the question was not answered; nothing was written"}
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
