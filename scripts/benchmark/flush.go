package main

import (
	"os"
	"time"
)

// flush is the time to write 8 kB, a page of PostgreSQL, to disk and flush it.
type flush struct {
	Median float64 `json:"median"` // seconds
	Min    float64 `json:"min"`
}

// measureFlush measures it in the folder that contains the server's data.
func measureFlush(dir string) (flush, error) {
	f, err := os.CreateTemp(dir, "flush-")
	if err != nil {
		return flush{}, err
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}()
	page := make([]byte, 8192)
	var spent []float64
	for i := range 200 {
		began := time.Now()
		if _, err := f.WriteAt(page, int64(i%16*len(page))); err != nil {
			return flush{}, err
		}
		if err := f.Sync(); err != nil {
			return flush{}, err
		}
		spent = append(spent, time.Since(began).Seconds())
	}
	return flush{median(spent), minimum(spent)}, nil
}
