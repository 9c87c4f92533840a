package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/revision"
)

// The kinds of values that flags and variables have. Each has one parser, so that both
// mean the same.

type textValue string

func (v *textValue) String() string { return string(*v) }
func (v *textValue) Type() string   { return "string" }

func (v *textValue) Set(s string) error {
	if strings.ContainsAny(s, "\x00\n\r") {
		return errors.New("a line end or a NUL byte is in it")
	}
	*v = textValue(s)
	return notURL(s)
}

// messageValue may have several lines, and may speak of URLs.
type messageValue string

func (v *messageValue) String() string { return string(*v) }
func (v *messageValue) Type() string   { return "string" }

func (v *messageValue) Set(s string) error {
	if strings.Contains(s, "\x00") {
		return errors.New("a NUL byte is in it")
	}
	*v = messageValue(s)
	return nil
}

type urlValue string

func (v *urlValue) String() string { return string(*v) }
func (v *urlValue) Type() string   { return "string" }

func (v *urlValue) Set(s string) error {
	*v = urlValue(s) // package dbenv looks what it is
	return nil
}

type ledgerValue string

func (v *ledgerValue) String() string { return string(*v) }
func (v *ledgerValue) Type() string   { return "string" }

func (v *ledgerValue) Set(s string) error {
	if _, err := ledger.ParseName(s); err != nil {
		return err
	}
	*v = ledgerValue(s)
	return nil
}

type durationValue time.Duration

func (v *durationValue) String() string { return revision.FormatDuration(time.Duration(*v)) }
func (v *durationValue) Type() string   { return "duration" }

func (v *durationValue) Set(s string) error {
	d, err := revision.ParseDuration(s)
	if err == nil {
		*v = durationValue(d)
	}
	return err
}

type switchValue bool

func (v *switchValue) String() string   { return strconv.FormatBool(bool(*v)) }
func (v *switchValue) Type() string     { return "bool" }
func (v *switchValue) IsBoolFlag() bool { return true }

func (v *switchValue) Set(s string) error {
	b, err := strconv.ParseBool(s)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", s)
	}
	*v = switchValue(b)
	return nil
}

type choiceValue struct {
	to      *string
	choices []string
}

func (v *choiceValue) String() string { return *v.to }
func (v *choiceValue) Type() string   { return "string" }

func (v *choiceValue) Set(s string) error {
	for _, c := range v.choices {
		if s == c {
			*v.to = s
			return nil
		}
	}
	return fmt.Errorf("%q is none of %s", s, strings.Join(v.choices, ", "))
}

// notURL refuses a connection string where none belongs, without repeating it: it may
// hold a password.
func notURL(s string) error {
	if strings.Contains(s, "://") {
		return errors.New("a URL does not belong here; a database is named by --database-url or DATABASE_URL")
	}
	return nil
}

// nearest finds the word that somebody who typed something else most likely meant, or
// "". It is cobra's search for a misspelt command.
func nearest(typed string, words []string) string {
	parent := &cobra.Command{SuggestionsMinimumDistance: 2}
	switch n := len(typed); {
	case n < 2:
		return ""
	case n < 4:
		parent.SuggestionsMinimumDistance = 1
	}
	for _, w := range words {
		parent.AddCommand(&cobra.Command{Use: w, Run: func(*cobra.Command, []string) {}})
	}
	if near := parent.SuggestionsFor(typed); len(near) > 0 {
		return near[0]
	}
	return ""
}

// listValue is a list with commas between its members, or a flag given several times.
type listValue []string

func (v *listValue) String() string { return strings.Join(*v, ",") }
func (v *listValue) Type() string   { return "strings" }

func (v *listValue) Set(s string) error {
	for word := range strings.SplitSeq(s, ",") {
		if word = strings.TrimSpace(word); word == "" {
			return errors.New("a member of the list is empty")
		}
		if err := notURL(word); err != nil {
			return err
		}
		*v = append(*v, word)
	}
	return nil
}

// own adds a flag of one command, which has no variable: it would make every run do
// something else.
func own(flags *pflag.FlagSet, value pflag.Value, name, shorthand, word, usage string) {
	f := flags.VarPF(value, name, shorthand, usage)
	f.Annotations = map[string][]string{annotationWord: {word}}
	if word == "" {
		f.NoOptDefVal = "true"
	}
}

// countValue is a number, zero or more.
type countValue int

func (v *countValue) String() string { return strconv.Itoa(int(*v)) }
func (v *countValue) Type() string   { return "int" }

func (v *countValue) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return errors.New(terminal.Quote(s) + " is no number; write 0, 1, 2, …")
	}
	*v = countValue(n)
	return nil
}

// timeValue is a day, or a moment; without a zone it is UTC.
type timeValue struct {
	time.Time
	day bool
}

func (v *timeValue) String() string {
	switch {
	case v.IsZero():
		return ""
	case v.day:
		return v.Format(time.DateOnly)
	}
	return v.UTC().Format(time.RFC3339)
}
func (v *timeValue) Type() string { return "time" }

func (v *timeValue) Set(s string) error {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", time.DateTime, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			*v = timeValue{t, layout == time.DateOnly}
			return nil
		}
	}
	return errors.New(terminal.Quote(s) + " is no time; write it like 2026-01-31 or 2026-01-31T08:00:00Z")
}

// end is the first moment that lies behind it: behind the whole day, if it is one.
func (v *timeValue) end() time.Time {
	if v.day {
		return v.AddDate(0, 0, 1)
	}
	return v.Add(time.Nanosecond)
}
