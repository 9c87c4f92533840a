// Package settings defines the settings of the command line: flags, their environment
// variables, and arguments such as -1 that look like flags.
package settings
