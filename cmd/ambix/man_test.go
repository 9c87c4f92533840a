package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/cmd/ambix/internal/importer"
)

const manualPage = "../../docs/man/ambix-import.1"

// The manual page is what the help says; -update writes it. That groff reads it is tested with the others.
func TestReferenceOfImportIsWhatTheHelpSays(t *testing.T) {
	t.Parallel()
	want := manual(importer.Command())
	got, err := os.ReadFile(manualPage)
	switch {
	case err == nil && string(got) == want:
	case *update:
		if err := os.WriteFile(manualPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not what the help says; go test ./cmd/ambix -run Reference -update writes it", manualPage)
	}
}

// manual returns the manual page of a command.
func manual(cmd *cobra.Command) string {
	var b strings.Builder
	b.WriteString(`.\" generated from the help: go test ./cmd/ambix -run Reference -update` + "\n" +
		`.TH AMBIX\-IMPORT 1 "" "ambix" "ambix"` + "\n.nh\n.ad l\n" +
		".SH NAME\nambix\\-import \\- " + roff(cmd.Short) + "\n" +
		".SH SYNOPSIS\n.B ambix import\n.RI [ FLAG \\[char46]\\|.\\|.]\n.I FROM DIR OUT\n.SH DESCRIPTION\n")
	var fixed bool
	for line := range strings.Lines(cmd.Long + "\n") {
		line = strings.TrimSuffix(line, "\n")
		switch indented := strings.HasPrefix(line, " "); {
		case indented && !fixed:
			b.WriteString(".PP\n.EX\n")
			fixed = true
		case !indented && fixed:
			b.WriteString(".EE\n")
			fixed = false
		}
		if line == "" {
			b.WriteString(".PP\n")
			continue
		}
		b.WriteString(`\&` + roff(line) + "\n")
	}
	b.WriteString(".SH OPTIONS\n")
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name, usage := pflag.UnquoteUsage(f)
		flag := "--" + f.Name
		if f.Shorthand != "" {
			flag = "-" + f.Shorthand + ", " + flag
		}
		b.WriteString(".TP\n" + `\fB` + roff(strings.TrimSpace(flag+" "+name)) + `\fR` + "\n" + `\&` + roff(usage) + "\n")
	})
	b.WriteString(".SH EXAMPLES\n.EX\n")
	for line := range strings.SplitSeq(cmd.Example, "\n") {
		b.WriteString(`\&` + roff("ambix "+line) + "\n")
	}
	b.WriteString(".EE\n.SH SEE ALSO\n.BR ambix\\-migrate (1)\n")
	return b.String()
}

// roff escapes what roff would take for a request or another character.
func roff(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, "…", `\&...`).Replace(text)
}
