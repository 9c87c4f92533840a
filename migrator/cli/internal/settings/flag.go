package settings

import "github.com/spf13/pflag"

// Annotations carry what the help shows and pflag has no field for.
const (
	annotationGroup       = "ambix_group"
	annotationVariable    = "ambix_variable"
	annotationPlaceholder = "ambix_placeholder"
)

// AddFlags adds a flag for each option. shorthand returns the letter of a flag, or "".
func (s *Settings) AddFlags(flags *pflag.FlagSet, shorthand func(flag string) string) {
	for _, o := range s.options() {
		AddFlag(flags, o.value, o.flag, shorthand(o.flag), o.placeholder, o.usage)
		f := flags.Lookup(o.flag)
		f.DefValue = o.initial
		f.Annotations[annotationGroup] = []string{o.group}
		f.Annotations[annotationVariable] = []string{o.variable}
	}
}

// AddFlag adds a flag of a single command. It has no variable: one that is left set would
// change what every command does. An empty placeholder makes it a switch.
func AddFlag(flags *pflag.FlagSet, value pflag.Value, name, shorthand, placeholder, usage string) {
	f := flags.VarPF(value, name, shorthand, usage)
	f.Annotations = map[string][]string{annotationPlaceholder: {placeholder}}
	if placeholder == "" {
		f.NoOptDefVal = "true"
	}
}

// Group returns the heading of the help for a flag that AddFlags added, and "" for others.
func Group(f *pflag.Flag) string { return annotation(f, annotationGroup) }

// Variable returns the environment variable of a flag, or "".
func Variable(f *pflag.Flag) string { return annotation(f, annotationVariable) }

// Known reports whether this package added the flag.
func Known(f *pflag.Flag) bool { return f.Annotations[annotationPlaceholder] != nil }

// Placeholder returns what the help shows for the value of a flag that this package
// added, and "" for a switch.
func Placeholder(f *pflag.Flag) string { return annotation(f, annotationPlaceholder) }

func annotation(f *pflag.Flag, key string) string {
	if v := f.Annotations[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}
