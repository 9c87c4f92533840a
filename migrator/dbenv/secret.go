package dbenv

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// longestSecret bounds what is read of a password file: more is a wrong file, or a
// device without an end.
const longestSecret = 64 << 10

// readSecret reads a password from a file. Line ends at its end are no part of it:
// editors and echo write one.
func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fileError(path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, longestSecret+1))
	if err != nil {
		return "", fileError(path, err)
	}
	secret := strings.TrimRight(string(data), "\r\n")
	switch {
	case len(data) > longestSecret:
		return "", fileError(path, errors.New("more than 64 kB, so it is not a password"))
	case secret == "":
		return "", fileError(path, errors.New("the file is empty"))
	case strings.ContainsRune(secret, 0):
		return "", fileError(path, errors.New("the file holds a NUL byte, so it is not a password"))
	}
	return secret, nil
}

// fileError is err without the name of the system call, behind the path. A path that
// does not look like one is not shown: it may be the secret itself, in the wrong variable.
func fileError(path string, err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		err = e.Err
	}
	if !filepath.IsAbs(path) && !strings.HasPrefix(path, "./") && !strings.HasPrefix(path, "../") {
		return fmt.Errorf("the file it names: %w", err)
	}
	return fmt.Errorf("%s: %w", path, err)
}
