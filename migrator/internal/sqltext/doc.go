// Package sqltext implements the lexical rules of PostgreSQL's SQL. It splits a script into the statements that psql -f
// would send, classifies those that need care before they are sent, and translates offsets to lines and columns.
//
// The rules are those of chapter 4.1 of the PostgreSQL manual, "Lexical Structure": identifiers and keywords, quoted
// identifiers, string constants with C-style escapes, Unicode escapes and continuation on later lines, dollar-quoted and
// bit-string constants, numeric constants, operators, positional parameters, and comments, which nest. Added to these
// are psql's rules for what the server never sees: meta-commands, and the data after COPY … FROM stdin. The encoding is
// UTF-8, and standard_conforming_strings is on until the script itself turns it off.
//
// It is not a parser. Of a statement it reads only the leading words, enough to know where the statement ends
// (parentheses, BEGIN ATOMIC bodies, COPY data) and which command it is; it does not know expressions, does not check
// syntax, and does not decode escapes. Whether a statement is correct is for the server to say. Variables of psql
// (:name) are not substituted.
//
// Where psql and the server read a text differently (a string that E'…' continues into on the next line, a function
// that uses begin or end as a name) the server is followed. Where server versions differ, a text is read such that every
// version that accepts it reads the same statements.
//
// Offsets are byte offsets into the source as a whole. Every function accepts every input and takes linear time.
package sqltext
