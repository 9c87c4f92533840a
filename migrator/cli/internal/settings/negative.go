package settings

import (
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// NegativeArgs makes -1, -2 and -10 arguments of a command. It registers each digit as a
// hidden shorthand flag that records how many arguments precede it; this works in any
// tree of commands and needs no look at the command line before cobra parses it.
type NegativeArgs struct {
	digits []digit
}

type digit struct {
	after int // number of arguments before it
	digit byte
}

// AddTo adds the digits to the flags of a command.
func (n *NegativeArgs) AddTo(flags *pflag.FlagSet) {
	for d := byte('0'); d <= '9'; d++ {
		// A name that begins with a dash cannot be typed as a long flag.
		f := flags.VarPF(&digitFlag{n, flags, d}, "-"+string(d), string(d), "")
		f.NoOptDefVal = digitSet
		f.Hidden = true
	}
}

// Reset forgets the digits of an earlier command line.
func (n *NegativeArgs) Reset() { n.digits = nil }

// Insert returns args with the recorded digits inserted at their positions, and resets n.
// Digits at one position become one number if the process's own command line contains
// that number; "-1 -2" is not "-12", and "-v3" is not "-3".
func (n *NegativeArgs) Insert(cmd *cobra.Command, args []string) ([]string, error) {
	digits := n.digits
	n.digits = nil
	args = slices.Clone(args)
	for len(digits) > 0 {
		last := digits[len(digits)-1].after
		from := slices.IndexFunc(digits, func(d digit) bool { return d.after == last })
		word := []byte("-")
		for _, d := range digits[from:] {
			word = append(word, d.digit)
		}
		if !onCommandLine(cmd, string(word)) {
			return nil, &UsageError{Text: "a step such as -2 must be a separate argument, and the only one of its kind"}
		}
		args = slices.Insert(args, min(last, len(args)), string(word))
		digits = digits[:from]
	}
	return args, nil
}

// onCommandLine reports whether word is an argument of this process. It is true when cmd
// was not run from the process's command line, as in tests.
func onCommandLine(cmd *cobra.Command, word string) bool {
	line := os.Args[1:]
	return !slices.Contains(line, cmd.CalledAs()) || slices.Contains(line, word)
}

const digitSet = "step" // the value of a digit flag without a value

type digitFlag struct {
	args  *NegativeArgs
	flags *pflag.FlagSet
	digit byte
}

func (f *digitFlag) String() string { return "" }
func (f *digitFlag) Type() string   { return "step" }

func (f *digitFlag) Set(s string) error {
	if s != digitSet {
		return errors.New("only digits may follow the -")
	}
	f.args.digits = append(f.args.digits, digit{f.flags.NArg(), f.digit})
	return nil
}
