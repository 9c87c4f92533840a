package pgserver

import (
	"os"
	"syscall"
)

// memoryDir prefers a file system in memory, where CREATE DATABASE takes a tenth of the time.
func memoryDir() string {
	const shm, enough = "/dev/shm", 2 << 30
	var fs syscall.Statfs_t
	if syscall.Statfs(shm, &fs) == nil && fs.Bavail*uint64(fs.Bsize) >= enough && syscall.Access(shm, 2 /* W_OK */) == nil {
		return shm
	}
	return os.TempDir()
}
