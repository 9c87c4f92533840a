package settings

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// The types of the values of flags and variables. They implement pflag.Value; Set is the
// only parser, so that a flag and its variable accept the same values.

// Text is one line of text that is not a URL.
type Text string

func (v *Text) String() string { return string(*v) }
func (v *Text) Type() string   { return "string" }

func (v *Text) Set(s string) error {
	if strings.ContainsAny(s, "\x00\n\r") {
		return errors.New("must not contain line breaks or NUL bytes")
	}
	*v = Text(s)
	return RefuseURL(s)
}

// FileOrURL is the name of a file, or the URL of a database, which package dbenv checks.
type FileOrURL string

func (v *FileOrURL) String() string { return string(*v) }
func (v *FileOrURL) Type() string   { return "string" }

func (v *FileOrURL) Set(s string) error {
	if strings.ContainsAny(s, "\x00\n\r") {
		return errors.New("must not contain line breaks or NUL bytes")
	}
	*v = FileOrURL(s)
	return nil
}

// IsURL reports whether it is a URL.
func (v FileOrURL) IsURL() bool { return strings.Contains(string(v), "://") }

// Message is text that may have several lines and may contain URLs.
type Message string

func (v *Message) String() string { return string(*v) }
func (v *Message) Type() string   { return "string" }

func (v *Message) Set(s string) error {
	if strings.Contains(s, "\x00") {
		return errors.New("must not contain NUL bytes")
	}
	*v = Message(s)
	return nil
}

type urlValue string

func (v *urlValue) String() string { return string(*v) }
func (v *urlValue) Type() string   { return "string" }

func (v *urlValue) Set(s string) error {
	*v = urlValue(s) // package dbenv checks it
	return nil
}

type ledgerValue string

func (v *ledgerValue) String() string { return string(*v) }
func (v *ledgerValue) Type() string   { return "string" }

func (v *ledgerValue) Set(s string) error {
	if err := migrator.CheckLedgerName(s); err != nil {
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

// sizeValue is a number of bytes.
type sizeValue int64

func (v *sizeValue) String() string { return text.FormatSize(int64(*v)) }
func (v *sizeValue) Type() string   { return "size" }

func (v *sizeValue) Set(s string) error {
	n, err := text.ParseSize(s)
	if err == nil {
		*v = sizeValue(n)
	}
	return err
}

// Switch is true or false.
type Switch bool

func (v *Switch) String() string   { return strconv.FormatBool(bool(*v)) }
func (v *Switch) Type() string     { return "bool" }
func (v *Switch) IsBoolFlag() bool { return true }

func (v *Switch) Set(s string) error {
	b, err := strconv.ParseBool(s)
	if err != nil {
		return fmt.Errorf("%q must be true or false", s)
	}
	*v = Switch(b)
	return nil
}

type choiceValue struct {
	to      *string
	choices []string
}

// Choice returns a value for to that must be one of some words.
func Choice(to *string, choices ...string) pflag.Value { return &choiceValue{to, choices} }

func (v *choiceValue) String() string { return *v.to }
func (v *choiceValue) Type() string   { return "string" }

func (v *choiceValue) Set(s string) error {
	for _, c := range v.choices {
		if s == c {
			*v.to = s
			return nil
		}
	}
	return fmt.Errorf("%q must be one of %s", s, strings.Join(v.choices, ", "))
}

// Choices returns the words that a value of Choice may be, and nil for others.
func Choices(v pflag.Value) []string {
	if c, ok := v.(*choiceValue); ok {
		return c.choices
	}
	return nil
}

// RefuseURL returns an error if s contains a URL. The error does not repeat it: it may
// contain a password.
func RefuseURL(s string) error {
	if strings.Contains(s, "://") {
		return errors.New("a URL is not allowed here; the database is configured by --database-url or DATABASE_URL")
	}
	return nil
}

// List is a comma-separated list. A comma in double quotes is part of a name. A flag that is given several times appends to
// it.
type List []string

func (v *List) String() string { return strings.Join(*v, ",") }
func (v *List) Type() string   { return "strings" }

func (v *List) Set(s string) error {
	for _, word := range splitList(s) {
		if word = strings.TrimSpace(word); word == "" {
			return errors.New("an item of the list is empty")
		}
		if err := RefuseURL(word); err != nil {
			return err
		}
		*v = append(*v, word)
	}
	return nil
}

// patternsValue is a list that may be empty. Like every setting it is that of the flag, the variable or the default.
type patternsValue []string

func (v *patternsValue) String() string { return strings.Join(*v, ",") }
func (v *patternsValue) Type() string   { return "string" }

func (v *patternsValue) Set(s string) error {
	var list List
	if s != "" {
		if err := list.Set(s); err != nil {
			return err
		}
	}
	*v = patternsValue(list)
	return nil
}

// splitList splits at the commas that are not in double quotes.
func splitList(s string) []string {
	var words []string
	start, quoted := 0, false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			words = append(words, s[start:i])
			start = i + 1
		}
	}
	return append(words, s[start:])
}

// Count is a number that is not negative.
type Count int

func (v *Count) String() string { return strconv.Itoa(int(*v)) }
func (v *Count) Type() string   { return "int" }

func (v *Count) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return errors.New(terminal.Quote(s) + " must be a number: 0, 1, 2, …")
	}
	*v = Count(n)
	return nil
}

// Share is a number, or a percentage of some whole: 5, 5%.
type Share struct {
	n       int
	percent bool
}

func (v *Share) Type() string { return "share" }

func (v *Share) String() string {
	if v.percent {
		return strconv.Itoa(v.n) + "%"
	}
	return strconv.Itoa(v.n)
}

func (v *Share) Set(s string) error {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || percent && n > 100 {
		return errors.New(terminal.Quote(s) + " must be a number or a percentage: 0, 5, 5%")
	}
	*v = Share{n, percent}
	return nil
}

// Of returns the number, rounded down, for a whole of this size.
func (v *Share) Of(whole int) int {
	if v.percent {
		return whole * v.n / 100
	}
	return v.n
}

// Time is a day or a point in time, in UTC unless a zone is given.
type Time struct {
	time.Time
	day bool
}

func (v *Time) String() string {
	switch {
	case v.IsZero():
		return ""
	case v.day:
		return v.Format(time.DateOnly)
	}
	return v.UTC().Format(time.RFC3339)
}
func (v *Time) Type() string { return "time" }

func (v *Time) Set(s string) error {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", time.DateTime, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			*v = Time{t, layout == time.DateOnly}
			return nil
		}
	}
	return errors.New(terminal.Quote(s) + " must be a time such as 2026-01-31 or 2026-01-31T08:00:00Z")
}

// End returns the first moment after the day or the point in time.
func (v *Time) End() time.Time {
	if v.day {
		return v.AddDate(0, 0, 1)
	}
	return v.Add(time.Nanosecond)
}
