// Package sqltext knows PostgreSQL's lexical rules: it cuts a script into the statements that psql -f would send,
// names those that matter to a runner of transactions, and finds positions. It understands no statement beyond its
// head; the server is the parser.
//
// The rules are those of the server's scanner, with the encoding UTF-8 and standard_conforming_strings on until the
// script itself turns it off, and those of psql for what the server never sees (backslash commands, the rows after
// COPY … FROM stdin). Where psql and the server read a text differently (a string that E'…' continues into on the next
// line, a function that uses begin or end as a name) the server is followed. Where servers of different versions
// disagree, a text is read so that every version that accepts it reads the same statements.
//
// All offsets are byte offsets into the whole source. Every function takes every input, in linear time.
package sqltext

import "iter"

// Kind says what a token is.
type Kind uint8

// The kinds of tokens. Together they cover every byte of every source.
const (
	Space       Kind = iota // white space, and a byte order mark at offset 0
	Comment                 // -- up to the end of the line, or /* … */, which nests
	Word                    // an unquoted identifier or key word
	QuotedName              // "…" or U&"…"
	String                  // '…', also with a prefix (E B X N U&), with the pieces that continue it on later lines
	Dollar                  // $tag$…$tag$
	Number                  // 1, 1.5e-3, 0x1F, 1_000: never signed
	Param                   // $1
	Operator                // an operator, a punctuation mark, or any single character that begins no other token
	Semicolon               // a semicolon that ends a statement; inside parentheses and function bodies it is an Operator
	MetaCommand             // a psql command, up to the last visible character of its line; \; and \: are commands of two bytes
	CopyData                // the rows after COPY … FROM stdin, with the line \. that ends them when there is one
)

// Token is one piece of a source: src[Start:End], never empty.
type Token struct {
	Kind       Kind
	Start, End int
}

// Tokens yields the tokens of src in order. They leave no gap and do not overlap: put together they are src, whatever
// src holds. A string, name, dollar quote or comment that is never closed is one token up to the end of src; Split
// reports it.
func Tokens(src string) iter.Seq[Token] {
	return func(yield func(Token) bool) {
		c := newStatementScanner(src)
		for {
			t, ok := c.next()
			if !ok || !yield(t) {
				return
			}
		}
	}
}
