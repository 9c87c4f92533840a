package markup

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func written(write func(*Writer)) string {
	var b bytes.Buffer
	w := NewWriter(&b)
	write(w)
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func TestElementsAreNested(t *testing.T) {
	t.Parallel()
	got := written(func(w *Writer) {
		w.Start("p", Attr("class", `a"b`), Literal("title", "t"), Int("tabindex", 0))
		w.Text("x < y & 'z'\n\tétude\u00a0\u202e\x1b")
		w.Element("a", "there", Anchor("revision-1"))
		w.Void("br")
		w.Raw("<hr/>")
		w.End()
		w.Newline()
	})
	want := `<p class="a&#34;b" title="t" tabindex="0">x &lt; y &amp; &#39;z&#39;` + "\n\tétude\u00a0" + `\u202e\x1b<a href="#revision-1">there</a><br/><hr/></p>` + "\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Whatever a text contains, a parser reads it back as text, with escapes for what cannot be seen.
func TestTextStaysText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text")
		source := written(func(w *Writer) { w.Element("p", s, Attr("title", s)) })
		d := xml.NewDecoder(strings.NewReader(source))
		elements := 0
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in %q", err, source)
			}
			if _, ok := token.(xml.StartElement); ok {
				elements++
			}
		}
		if elements != 1 {
			t.Fatalf("%d elements in %q", elements, source)
		}
	})
}

func TestMisuseOfTheWriterPanics(t *testing.T) {
	t.Parallel()
	for name, misuse := range map[string]func(){
		"an open element": func() { written(func(w *Writer) { w.Start("p") }) },
		"End twice":       func() { written(func(w *Writer) { w.Start("p"); w.End(); w.End() }) },
		"a program":       func() { Attr("onclick", "") },
		"a style":         func() { Attr("style", "") },
		"an address":      func() { Attr("href", "") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			misuse()
		}()
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestFirstErrorOfTheWriterIsReturned(t *testing.T) {
	t.Parallel()
	w := NewWriter(full{})
	w.Text(strings.Repeat("x", 1<<17))
	if err := w.Close(); err == nil {
		t.Error("no error")
	}
}
