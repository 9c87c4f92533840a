package dbenv

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// maxSecret is the size limit of a password file. A larger one is the wrong file, or an
// endless device.
const maxSecret = 64 << 10

// readSecret reads a password from a file, without the line breaks at its end.
func readSecret(path string) (string, error) {
	data, err := readFile(path, maxSecret)
	if errors.Is(err, errTooLarge) {
		err = errors.New("larger than 64 kB, so it is not a password")
	}
	if err != nil {
		return "", fileError(path, err)
	}
	secret := strings.TrimRight(string(data), "\r\n")
	switch {
	case secret == "":
		return "", fileError(path, errors.New("the file is empty"))
	case strings.ContainsRune(secret, 0):
		return "", fileError(path, errors.New("contains a NUL byte, so it is not a password"))
	}
	return secret, nil
}

// fileError returns err with the path but without the name of the system call. A path that
// does not look like one is left out: it may be a password in the wrong variable.
func fileError(path string, err error) error {
	err = withoutCall(err)
	name, reason := path, path
	if !filepath.IsAbs(path) && !strings.HasPrefix(path, "./") && !strings.HasPrefix(path, "../") {
		name, reason = "the file", "cannot read the file"
	}
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New(name + " does not exist")
	}
	return fmt.Errorf("%s: %w", reason, err)
}
