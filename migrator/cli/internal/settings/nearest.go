package settings

import "github.com/spf13/cobra"

// Nearest returns the word that is most like typed, or "" if none is close. It uses
// cobra's suggestions for unknown commands.
func Nearest(typed string, words []string) string {
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
