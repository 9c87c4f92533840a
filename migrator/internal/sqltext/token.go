package sqltext

import "iter"

// Kind is the kind of a token.
type Kind uint8

// The kinds of tokens. Every byte of a source belongs to exactly one token.
const (
	Space       Kind = iota // white space, and a byte order mark at offset 0
	Comment                 // -- to the end of the line, or /* … */
	Word                    // an unquoted identifier or a keyword
	QuotedName              // "…" or U&"…"
	String                  // '…', with its prefix (E B X N U&) and the parts that continue it on later lines
	Dollar                  // $tag$…$tag$
	Number                  // 1, 1.5e-3, 0x1F, 1_000: never signed
	Param                   // $1
	Operator                // an operator, a punctuation mark, or any character that begins no other token
	Semicolon               // a semicolon that ends a statement; in parentheses and function bodies it is an Operator
	MetaCommand             // a psql meta-command with its arguments, to the end of the line; \; and \: are two bytes long
	CopyData                // the rows after COPY … FROM stdin, including the line \. that ends them, if present
)

// skipped reports whether tokens of this kind are not part of any statement.
func (k Kind) skipped() bool { return k == Space || k == Comment || k == MetaCommand }

// Token is one token of a source, src[Start:End]. It is never empty.
type Token struct {
	Kind       Kind
	Start, End int
}

// Tokens yields the tokens of src in order. Joined they are src, whatever it contains. A string, quoted name, dollar
// quote or comment that is not terminated is one token that extends to the end of src; Split reports it.
func Tokens(src string) iter.Seq[Token] {
	return func(yield func(Token) bool) {
		s := newStatementScanner(src)
		for {
			t, ok := s.next()
			if !ok || !yield(t) {
				return
			}
		}
	}
}
