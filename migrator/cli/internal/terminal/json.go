package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"unicode/utf16"
)

// JSON writes d as an indented JSON document.
func (o *Output) JSON(d any) {
	e := json.NewEncoder(jsonWriter{o.w})
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	o.keep(e.Encode(d))
}

// JSONList writes a JSON document whose first field is a list, element by element. The result
// is that of JSON.
type JSONList struct {
	o       *Output
	started bool // an element was added
}

// NewJSONList begins a document with the list field.
func (o *Output) NewJSONList(field string) *JSONList {
	name, err := json.Marshal(field)
	o.keep(err)
	o.write("{\n  " + string(name) + ": [")
	return &JSONList{o: o}
}

// Add writes an element.
func (l *JSONList) Add(d any) {
	separator := "\n    "
	if l.started {
		separator = "," + separator
	}
	l.started = true
	l.o.write(separator)
	l.o.jsonValue("    ", d)
}

// End completes the document with one more field; "": none.
func (l *JSONList) End(field string, d any) {
	if l.started {
		l.o.write("\n  ")
	}
	l.o.write("]")
	if field != "" {
		name, err := json.Marshal(field)
		l.o.keep(err)
		l.o.write(",\n  " + string(name) + ": ")
		l.o.jsonValue("  ", d)
	}
	l.o.write("\n}\n")
}

// jsonValue writes d as a part of a document, without a newline at its end.
func (o *Output) jsonValue(indent string, d any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(indent, "  ")
	o.keep(e.Encode(d))
	_, err := jsonWriter{o.w}.Write(bytes.TrimRight(b.Bytes(), "\n"))
	o.keep(err)
}

// JSONLine writes d as a JSON document on one line.
func (o *Output) JSONLine(d any) {
	e := json.NewEncoder(jsonWriter{o.w})
	e.SetEscapeHTML(false)
	o.keep(e.Encode(d))
}

// Record writes one JSON record, as a Logger with LogOptions.JSON does.
func (o *Output) Record(text string, attrs ...any) { newRecords(o.w).Info(text, attrs...) }

func newRecords(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(jsonWriter{w}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// jsonWriter writes JSON with characters that cannot be seen as \uXXXX. Encoders escape only
// those below U+0020 and U+2028 and U+2029. Outside strings JSON has no such characters, so
// the values stay the same. Every write must end with a whole character.
type jsonWriter struct{ w io.Writer }

func (j jsonWriter) Write(b []byte) (int, error) {
	out := b
	if bytes.ContainsFunc(b, hiddenInJSON) {
		out = make([]byte, 0, len(b)+64)
		for _, r := range string(b) {
			switch {
			case !hiddenInJSON(r):
				out = append(out, string(r)...)
			case r > 0xffff:
				high, low := utf16.EncodeRune(r)
				out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
			default:
				out = fmt.Appendf(out, `\u%04x`, r)
			}
		}
	}
	if _, err := j.w.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

// hiddenInJSON leaves out the newlines and spaces that indent a document.
func hiddenInJSON(r rune) bool { return r != '\n' && isHidden(r) }
