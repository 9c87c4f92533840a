// Package pg is a thin layer over the driver: it connects, sends messages of the simple
// query protocol, and classifies errors.
package pg
