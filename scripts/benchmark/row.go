package main

import (
	"math"
	"slices"
)

// bare is the program in the folder of that name, which connects and runs one query.
const bare = "bare client"

// fastest is the fastest of the other migration tools, in row.compare.
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

// result is the measurement of one tool, in the row's unit.
type result struct {
	Tool   string    `json:"tool"`
	Median float64   `json:"median"`
	Min    float64   `json:"min"`
	Values []float64 `json:"values"` // by round
}

// comparison compares ambix with a tool, as a ratio of the medians, or with a fixed limit.
type comparison struct {
	With  string  `json:"with,omitempty"`  // "": a fixed limit
	Ratio float64 `json:"ratio,omitempty"` // ambix divided by the other
	// Limit is the promise: a ratio, or a number in the row's unit. Zero: none.
	Limit float64 `json:"limit,omitempty"`
	Met   bool    `json:"met"` // true without a limit
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

// compare compares ambix with a tool if both were measured. limit is the promised ratio, or
// zero.
func (r *row) compare(with string, limit float64) {
	ours, theirs := r.of(ambix), r.of(with)
	if with == fastest {
		theirs = r.fastestPeer()
	}
	if ours == nil || theirs == nil {
		return
	}
	ratio := ours.Median / theirs.Median
	r.Comparisons = append(r.Comparisons, comparison{With: theirs.Tool, Ratio: ratio, Limit: limit, Met: limit == 0 || ratio <= limit})
}

// limit compares ambix with a fixed limit.
func (r *row) limit(limit float64) {
	if ours := r.of(ambix); ours != nil {
		r.Comparisons = append(r.Comparisons, comparison{Limit: limit, Met: ours.Median <= limit})
	}
}

func (r *row) fastestPeer() *result {
	var first *result
	for _, one := range r.Results {
		switch one.Tool {
		case ambix, ownLoop, "psql", bare, withoutFingerprint:
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
