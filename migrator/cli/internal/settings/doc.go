// Package settings reads what a person configures: the flags of commands, the environment
// variables that stand in for them, and arguments such as -1.
package settings
