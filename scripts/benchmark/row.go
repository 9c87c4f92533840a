package main

import (
	"math"
	"slices"
)

// bare is the program that does what every client has to do, and nothing else.
const bare = "bare client"

// fastest stands for the fastest of the other migration tools.
const fastest = "the fastest"

// The units of rows.
const (
	seconds = "s"
	size    = "bytes"
	memory  = "bytes of memory"
)

// row is one line of the table.
type row struct {
	What        string       `json:"what"`
	Unit        string       `json:"unit"`
	Results     []*result    `json:"results"`
	Comparisons []comparison `json:"comparisons"`
}

// result is what was measured of one tool, in the row's unit.
type result struct {
	Tool   string    `json:"tool"`
	Median float64   `json:"median"`
	Min    float64   `json:"min"`
	Values []float64 `json:"values"` // in the order of the rounds
}

// comparison is ambix beside something, as a ratio of the medians, or beside a number.
type comparison struct {
	With  string  `json:"with,omitempty"`  // "": a number
	Ratio float64 `json:"ratio,omitempty"` // ours by theirs
	// Limit is what was promised: a ratio, or a number in the row's unit. Zero: nothing.
	Limit float64 `json:"limit,omitempty"`
	Kept  bool    `json:"kept"` // true without a limit
}

func (r *row) add(tool string, value float64) {
	one := r.of(tool)
	if one == nil {
		one = &result{Tool: tool}
		r.Results = append(r.Results, one)
	}
	one.Values = append(one.Values, value)
	one.Median, one.Min = median(one.Values), minimum(one.Values)
}

func (r *row) of(tool string) *result {
	for _, one := range r.Results {
		if one.Tool == tool {
			return one
		}
	}
	return nil
}

func (r *row) remove(tool string) {
	r.Results = slices.DeleteFunc(r.Results, func(one *result) bool { return one.Tool == tool })
}

// compare puts ours beside a tool's, when both were measured. most is the promised ratio;
// zero: none was.
func (r *row) compare(with string, most float64) {
	ours, theirs := r.of(ambix), r.of(with)
	if with == fastest {
		theirs = r.fastestPeer()
	}
	if ours == nil || theirs == nil {
		return
	}
	ratio := ours.Median / theirs.Median
	r.Comparisons = append(r.Comparisons, comparison{With: theirs.Tool, Ratio: ratio, Limit: most, Kept: most == 0 || ratio <= most})
}

// limit puts ours beside a number.
func (r *row) limit(most float64) {
	if ours := r.of(ambix); ours != nil {
		r.Comparisons = append(r.Comparisons, comparison{Limit: most, Kept: ours.Median <= most})
	}
}

func (r *row) fastestPeer() *result {
	var first *result
	for _, one := range r.Results {
		switch one.Tool {
		case ambix, "psql", bare:
			continue
		}
		if first == nil || one.Median < first.Median {
			first = one
		}
	}
	return first
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func minimum(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	return slices.Min(values)
}
