package rehearse

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"example.com/ambix/migrator/internal/text"
)

// sizesFormat identifies a file of sizes.
const sizesFormat = "ambix sizes 1"

// sizesFile is the JSON document of Sizes.
type sizesFile struct {
	Format   string              `json:"format"`
	Database string              `json:"database"`
	At       time.Time           `json:"at"`
	Applied  []string            `json:"applied"`
	Tables   map[string]sizeFile `json:"tables"`
}

type sizeFile struct {
	Bytes *int64 `json:"bytes"`
	Rows  int64  `json:"rows"`
}

// Marshal returns the sizes as a JSON document, sorted, which ParseSizes reads. It contains the names of tables and nothing of
// their rows.
func (s *Sizes) Marshal() []byte {
	file := sizesFile{Format: sizesFormat, Database: s.Database, At: s.At.UTC().Truncate(time.Second), Applied: append([]string{}, s.Applied...), Tables: map[string]sizeFile{}}
	for name, size := range s.Tables {
		if size.Known {
			file.Tables[name] = sizeFile{&size.Bytes, size.Rows}
		}
	}
	text, _ := json.MarshalIndent(file, "", "  ") // strings, numbers and a time
	return append(text, '\n')
}

// ParseSizes reads the result of Marshal. The error says what is wrong with the text.
func ParseSizes(document []byte) (*Sizes, error) {
	var file sizesFile
	d := json.NewDecoder(bytes.NewReader(document))
	d.DisallowUnknownFields()
	err := d.Decode(&file)
	switch {
	case file.Format != "" && file.Format != sizesFormat:
		return nil, fmt.Errorf("its format is %q, and this version reads %q", file.Format, sizesFormat)
	case err != nil:
		return nil, errors.New("it is not a file of table sizes: " + text.JSONProblem(err))
	case file.Format == "":
		return nil, errors.New("it is not a file of table sizes: format is missing")
	case file.Applied == nil || file.Tables == nil:
		return nil, errors.New("applied or tables is missing")
	case d.More():
		return nil, errors.New("there is something after the document")
	}
	s := &Sizes{Database: file.Database, At: file.At, Applied: file.Applied, Tables: map[string]Size{}}
	for name, size := range file.Tables {
		if size.Bytes == nil || *size.Bytes < 0 || size.Rows < 0 {
			return nil, fmt.Errorf("table %s: bytes is missing, or a number is negative", name)
		}
		s.Tables[name] = Size{Known: true, Bytes: *size.Bytes, Rows: size.Rows}
	}
	return s, nil
}
