package cli

import (
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
)

// steps lets -1, -2, -10 be arguments. To pflag each digit is a flag of its own, in
// whatever tree the command hangs and without a look at the arguments before cobra does
// its work: hidden, without a long form, and with nothing to say but that it was met,
// and after how many arguments.
type steps struct {
	met []digit
}

type digit struct {
	after int // how many arguments stand before it
	digit byte
}

// take makes digits known to a command.
func (s *steps) take(cmd *cobra.Command) {
	for d := byte('0'); d <= '9'; d++ {
		// A name that begins with a dash cannot be typed as a long flag.
		f := cmd.Flags().VarPF(&digitFlag{s, cmd.Flags(), d}, "-"+string(d), string(d), "")
		f.NoOptDefVal = "step"
		f.Hidden = true
	}
}

type digitFlag struct {
	steps *steps
	flags *pflag.FlagSet
	digit byte
}

func (f *digitFlag) String() string { return "" }
func (f *digitFlag) Type() string   { return "step" }

func (f *digitFlag) Set(s string) error {
	if s != "step" {
		return errors.New("only digits follow the -")
	}
	f.steps.met = append(f.steps.met, digit{f.flags.NArg(), f.digit})
	return nil
}

// join puts what was met among the arguments. Digits in one place make one number; that
// they were one word is looked up where that is possible, because "-1 -2" is no "-12",
// and "-v3" no "-3".
func (s *steps) join(cmd *cobra.Command, args []string) ([]string, error) {
	met := s.met
	s.met = nil
	args = slices.Clone(args)
	for len(met) > 0 {
		last := met[len(met)-1].after
		from := slices.IndexFunc(met, func(d digit) bool { return d.after == last })
		word := []byte("-")
		for _, d := range met[from:] {
			word = append(word, d.digit)
		}
		if !typed(cmd, string(word)) {
			return nil, &migrator.UsageError{Text: "a step back such as -2 is a word of its own, and there is only one"}
		}
		args = slices.Insert(args, min(last, len(args)), string(word))
		met = met[:from]
	}
	return args, nil
}

// typed says whether a word is among this process's arguments, as far as they are what
// the command was started with.
func typed(cmd *cobra.Command, word string) bool {
	line := os.Args[1:]
	return !slices.Contains(line, cmd.CalledAs()) || slices.Contains(line, word)
}
