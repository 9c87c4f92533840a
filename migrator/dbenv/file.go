package dbenv

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// maxFile is the size limit of certificates and service files. Bundles of certificate
// authorities are smaller than 1 MB.
const maxFile = 16 << 20

// pipeWait is how long the command in a shell's <(command) may take.
const pipeWait = 30 * time.Second

// readFile reads a regular file, or one that symbolic links lead to, as mounted volumes
// have them. Other files are refused, because reading them could last for ever, except for
// the pipe of a shell's <(command), which is given pipeWait. The error is without the name
// of the system call.
func readFile(path string, limit int64) ([]byte, error) {
	// Without O_NONBLOCK, opening a named pipe would wait for a writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if err := checkRegular(path); err != nil {
			return nil, err // a socket cannot be opened
		}
		return nil, withoutCall(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err == nil && isShellPipe(path, info.Mode()):
		err = f.SetReadDeadline(time.Now().Add(pipeWait))
	case err == nil:
		err = notRegular(info.Mode())
	}
	if err != nil {
		return nil, withoutCall(err)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("the command behind the pipe did not end within %v", pipeWait)
	case err != nil:
		return nil, withoutCall(err)
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("%w (%d kB)", errTooLarge, limit>>10)
	}
	return data, nil
}

var errTooLarge = errors.New("larger than the limit")

// isShellPipe reports whether a path is how shells name the pipe of <(command). A pipe with
// a name in the file system may never have a writer.
func isShellPipe(path string, mode fs.FileMode) bool {
	return mode&fs.ModeNamedPipe != 0 && (strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/self/fd/"))
}

// checkRegular returns an error if there is something other than a regular file at a path,
// for files that the driver opens. A missing file is left to the driver.
func checkRegular(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return notRegular(info.Mode())
}

func notRegular(mode fs.FileMode) error {
	const regular = ", not a regular file"
	switch {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return errors.New("is a directory")
	case mode&fs.ModeNamedPipe != 0:
		return errors.New("is a pipe" + regular)
	case mode&fs.ModeSocket != 0:
		return errors.New("is a socket" + regular)
	case mode&fs.ModeDevice != 0:
		return errors.New("is a device" + regular)
	}
	return errors.New("is not a regular file")
}

// withoutCall removes the name of the system call and the path from an error.
func withoutCall(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}
