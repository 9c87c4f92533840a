// Package text contains the helpers with which messages are worded: counted nouns, lists
// of names, and the suggestion for a mistyped word.
package text
