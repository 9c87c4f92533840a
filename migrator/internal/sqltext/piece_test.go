package sqltext

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// scanned is what a PieceReader found in a source.
type scanned struct {
	statements, errors []string
	rows               []CopyRows
	copied             string // the rows
}

// scan reads a source to its end. Positions are those in the source.
func scan(t interface{ Fatal(...any) }, source io.Reader, window int) scanned {
	r := NewPieceReader(source, window, 1<<30)
	var all scanned
	var copied strings.Builder
	for {
		p, err := r.Next()
		if err == io.EOF {
			all.copied = copied.String()
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		l := p.Locator()
		for _, s := range p.Statements {
			at := l.At(s.Start)
			all.statements = append(all.statements, fmt.Sprintf("%d:%d %d %s", at.Line, at.Column, s.Class, p.Text[s.Start:s.End]))
		}
		l = p.Locator()
		for _, e := range p.Errors {
			at := l.At(e.Offset)
			all.errors = append(all.errors, fmt.Sprintf("%d:%d %s", at.Line, at.Column, e.Message))
		}
		if !p.CopyFollows {
			continue
		}
		rows, err := r.Rows(func(rows []byte) error {
			copied.Write(rows)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		all.rows = append(all.rows, rows)
		for _, e := range rows.Errors {
			all.errors = append(all.errors, fmt.Sprintf("%d:%d %s", e.Line, e.Column, e.Message))
		}
	}
}

// A source that is read in pieces has the same statements, errors and checksum as one that is in memory.
func TestPiecesAreTheWholeSource(t *testing.T) {
	t.Parallel()
	pieces := append([]string{"\ufeff", "\ufeffSELECT 1;", ";", "SELECT 'a;b', $$;$$;", "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);", "\n", "ä", "SELECT \"x;", "BEGIN;", "\\d x\n"}, copyPieces...)
	rapid.Check(t, func(t *rapid.T) {
		src := strings.ReplaceAll(strings.Join(rapid.SliceOf(rapid.SampledFrom(pieces)).Draw(t, "pieces"), ""), "\x00", "")
		window := rapid.IntRange(1, 40).Draw(t, "window")
		reader := func() io.Reader {
			if window%2 == 0 {
				return iotest.OneByteReader(strings.NewReader(src))
			}
			return strings.NewReader(src)
		}
		got := scan(t, reader(), window)
		statements, errs := Split(src)
		var wantErrs []string
		for _, e := range errs {
			at := PositionAt(src, e.Offset)
			wantErrs = append(wantErrs, fmt.Sprintf("%d:%d %s", at.Line, at.Column, e.Message))
		}
		if diff := cmp.Diff(statementPositions(src, statements), got.statements); diff != "" {
			t.Fatalf("statements of %q (-want +got):\n%s", src, diff)
		}
		if diff := cmp.Diff(wantErrs, got.errors); diff != "" {
			t.Fatalf("errors of %q (-want +got):\n%s", src, diff)
		}
		for _, r := range got.rows {
			if rows := src[r.Offset : r.Offset+r.Size]; !strings.Contains(got.copied, rows) || int(r.LFSize) != len(strings.ReplaceAll(rows, "\r\n", "\n")) {
				t.Fatalf("%+v are %q", r, rows)
			}
		}
		if sum, err := ChecksumPieces(NewPieceReader(reader(), window, 1<<30), got.rows); err != nil || sum != Checksum(src) {
			t.Fatalf("checksum of %q: %s, %v, want %s", src, sum, err, Checksum(src))
		}
	})
}

// countingReader counts what is read from an endless source.
type countingReader struct {
	source io.Reader
	n      int
}

func (r *countingReader) Read(b []byte) (int, error) {
	n, err := r.source.Read(b)
	r.n += n
	return n, err
}

// endless repeats a text for ever.
type endless string

func (e endless) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		n += copy(b[n:], e)
	}
	return n, nil
}

// An endless source is left as soon as it is clear that it cannot be a script.
func TestEndlessSourcesAreNotReadToTheirEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		source io.Reader
		most   int
	}{
		"NUL bytes":                  {endless("\x00"), 1000},
		"NUL bytes in a string":      {io.MultiReader(strings.NewReader("SELECT 1; SELECT '"), endless("\x00")), 1000},
		"a statement without an end": {endless("a "), 300_000},
		"a comment without an end":   {endless("/*"), 300_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := &countingReader{source: test.source}
			r := NewPieceReader(source, 500, 100_000)
			var err error
			for err == nil {
				_, err = r.Next()
			}
			if source.n > test.most || !errors.Is(err, io.EOF) && !errors.Is(err, ErrTooLarge) {
				t.Errorf("%d bytes were read: %v", source.n, err)
			}
		})
	}
}

// Many small COPYs in one window take linear time; see TestHostileSourcesTakeLinearTime.
func TestManyCopiesInOneWindowTakeLinearTime(t *testing.T) {
	t.Parallel()
	const n = 1 << 17
	src := strings.Repeat("COPY t FROM stdin;\n1\n\\.\n", n)
	if got := len(scan(t, strings.NewReader(src), 1<<20).rows); got != n {
		t.Errorf("%d COPYs, want %d", got, n)
	}
	if e, err := ElideCopyData(strings.NewReader(src), ElideLimits{1 << 20, 1 << 10, 1 << 30}); err != nil || e.Text != src {
		t.Errorf("%d bytes, %v", len(e.Text), err)
	}
}
