// Package markup writes HTML and SVG. What is not written in the source of the program is
// always escaped: names of elements and attributes, and markup as it is, are constants of an
// unexported type, so that no other package can pass a variable; everything else is text.
package markup

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"html"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.com/ambix/migrator/internal/text"
)

// constant is a string of the program's source: an untyped constant converts to it, and no
// variable of another package does.
type constant string

// Attribute is an attribute of an element.
type Attribute struct {
	name  constant
	value string
}

// Attr returns an attribute. The value may be anything; but not that of an attribute whose value
// is a program or an address, which only Literal and Anchor write.
func Attr(name constant, value string) Attribute { return Attribute{checked(name), value} }

// Literal returns an attribute with a constant value.
func Literal(name, value constant) Attribute { return Attribute{name, string(value)} }

// Int returns an attribute with a number.
func Int(name constant, value int) Attribute { return Attribute{name, strconv.Itoa(value)} }

// Anchor returns the attribute href for an element of the same page with an id.
func Anchor(id string) Attribute { return Attribute{"href", "#" + id} }

// checked panics for the name of an attribute whose value is not text.
func checked(name constant) constant {
	switch {
	case name == "href", name == "src", name == "style", name == "srcset", name == "content", strings.HasPrefix(string(name), "on"):
		panic("markup: the attribute " + string(name) + " must be a constant")
	}
	return name
}

// Writer writes elements. It remembers those that are open, and the first error.
type Writer struct {
	w    *bufio.Writer
	open []constant
}

// NewWriter returns a Writer that writes to w; see Close.
func NewWriter(w io.Writer) *Writer { return &Writer{w: bufio.NewWriterSize(w, 1<<15)} }

// Start writes the start tag of an element. End ends it.
func (w *Writer) Start(element constant, attributes ...Attribute) {
	w.tag(element, attributes)
	w.string(">")
	w.open = append(w.open, element)
}

// Void writes an element without content, which has no end tag in HTML and is closed in SVG.
func (w *Writer) Void(element constant, attributes ...Attribute) {
	w.tag(element, attributes)
	w.string("/>")
}

func (w *Writer) tag(element constant, attributes []Attribute) {
	w.string("<")
	w.string(string(element))
	for _, a := range attributes {
		w.string(" ")
		w.string(string(a.name))
		w.string(`="`)
		w.Text(a.value)
		w.string(`"`)
	}
}

// End writes the end tag of the last element that is open.
func (w *Writer) End() {
	last := len(w.open) - 1
	w.string("</")
	w.string(string(w.open[last]))
	w.string(">")
	w.open = w.open[:last]
}

// Element writes an element that contains only text.
func (w *Writer) Element(element constant, content string, attributes ...Attribute) {
	w.Start(element, attributes...)
	w.Text(content)
	w.End()
}

// Raw writes constant markup as it is.
func (w *Writer) Raw(markup constant) { w.string(string(markup)) }

// Text writes text. Characters that cannot be seen, or that reorder a line, are written as
// escapes of Go, as everywhere else in the program; line ends, tabs and spaces are kept.
func (w *Writer) Text(s string) {
	plain := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		hidden := r == utf8.RuneError && size == 1 || r != '\n' && r != '\t' && text.IsInvisible(r) && !unicode.Is(unicode.Zs, r)
		if hidden || r < utf8.RuneSelf && strings.IndexByte(`<>&"'`, byte(r)) >= 0 {
			w.string(s[plain:i])
			if hidden {
				w.string(text.Visible(s[i : i+size]))
			} else {
				w.string(html.EscapeString(s[i : i+size]))
			}
			plain = i + size
		}
		i += size
	}
	w.string(s[plain:])
}

// Head writes the head of a page with its style and program. Its policy (CSP, level 3) allows
// these two by their hashes, and nothing else: no other program or style, no connection, no form.
func (w *Writer) Head(title string, style, program constant) {
	w.Start("head")
	w.Raw(`<meta charset="utf-8"/><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-`)
	w.string(hash(style))
	w.Raw(`'; script-src 'sha256-`)
	w.string(hash(program))
	w.Raw(`'; base-uri 'none'; form-action 'none'"/>`)
	w.Newline()
	w.Raw(`<meta name="viewport" content="width=device-width, initial-scale=1"/><meta name="referrer" content="no-referrer"/><meta name="color-scheme" content="light dark"/>`)
	w.Newline()
	w.Element("title", title)
	w.Newline()
	w.Raw("<style>" + style + "</style>\n<script>" + program + "</script>\n")
	w.End()
	w.Newline()
}

// hash returns the hash by which a policy names the content of an element.
func hash(content constant) string {
	sum := sha256.Sum256([]byte(content))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Newline ends a line of the source, outside of text.
func (w *Writer) Newline() { w.string("\n") }

func (w *Writer) string(s string) { _, _ = w.w.WriteString(s) } // Flush returns the error

// Close writes what is left and returns the first error. It panics if an element is open.
func (w *Writer) Close() error {
	if len(w.open) > 0 {
		panic("markup: open element " + string(w.open[len(w.open)-1]))
	}
	return w.w.Flush()
}
