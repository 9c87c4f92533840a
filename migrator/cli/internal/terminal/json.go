package terminal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"unicode/utf16"
)

// longList is the number of elements from which a list is encoded element by element: the encoder keeps a document twice.
const longList = 500

// JSON writes d as an indented JSON document.
func (o *Output) JSON(d any) {
	if o.longJSON(d) {
		return
	}
	o.keep(indented(jsonWriter{o.w}, "").Encode(d))
}

// longJSON writes a document with a long list in one of its fields, and reports whether d is one. The result is that of JSON.
func (o *Output) longJSON(d any) bool {
	v := reflect.Indirect(reflect.ValueOf(d))
	if v.Kind() != reflect.Struct {
		return false
	}
	for i := range v.NumField() {
		list := v.Field(i)
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if list.Kind() != reflect.Slice || name == "" || options != "" || list.Len() < longList {
			continue
		}
		rest := reflect.New(v.Type()).Elem()
		rest.Set(v)
		rest.Field(i).Set(reflect.MakeSlice(list.Type(), 0, 0))
		var b strings.Builder
		o.keep(indented(&b, "").Encode(rest.Interface()))
		begin := "\n  \"" + name + "\": ["
		before, after, _ := strings.Cut(b.String(), begin+"]")
		w := bufio.NewWriter(o.w)
		buffered := &Output{w: w}
		buffered.writeJSON(before + begin)
		elements := JSONList{o: buffered}
		for n := range list.Len() {
			elements.Add(list.Index(n).Interface())
		}
		buffered.writeJSON("\n  ]" + after)
		buffered.keep(w.Flush())
		if o.err == nil {
			o.err = buffered.err
		}
		return true
	}
	return false
}

func (o *Output) writeJSON(text string) {
	_, err := io.WriteString(jsonWriter{o.w}, text)
	o.keep(err)
}

func indented(w io.Writer, indent string) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent(indent, "  ")
	return e
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
	var b strings.Builder
	o.keep(indented(&b, indent).Encode(d))
	o.writeJSON(strings.TrimRight(b.String(), "\n"))
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
