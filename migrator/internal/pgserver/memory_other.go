//go:build unix && !linux

package pgserver

import "os"

// memoryDir returns the folder of temporary files: there is no file system in memory that is always there.
func memoryDir() string { return os.TempDir() }
