package cli

import (
	"os"
	"path/filepath"
	"strings"
)

// repository turns names of files into paths relative to the root of the repository, which is what annotations of GitHub and
// others have.
type repository struct{ dir, root string }

// newRepository returns the repository around the current directory: that of GITHUB_WORKSPACE if it is one of the directories
// above, or else the nearest one with a .git.
func newRepository(environ []string) repository {
	dir, err := os.Getwd()
	if err != nil {
		return repository{}
	}
	if workspace := lookupEnv(environ, "GITHUB_WORKSPACE"); workspace != "" && isBelow(workspace, dir) {
		return repository{dir, workspace}
	}
	for root := dir; ; root = filepath.Dir(root) {
		if _, err := os.Lstat(filepath.Join(root, ".git")); err == nil {
			return repository{dir, root}
		}
		if root == filepath.Dir(root) {
			return repository{dir, dir}
		}
	}
}

// path returns the path of a file, with slashes. A file that is embedded in the program is named as in its module, which may
// be the root. One outside the repository keeps its name.
func (r repository) path(file string) string {
	full := file
	if !filepath.IsAbs(full) {
		full = filepath.Join(r.dir, file)
		if _, err := os.Lstat(full); err != nil {
			if inRoot := filepath.Join(r.root, file); isFile(inRoot) {
				full = inRoot
			}
		}
	}
	if r.root == "" || !isBelow(r.root, full) {
		return filepath.ToSlash(file)
	}
	relative, err := filepath.Rel(r.root, full)
	if err != nil {
		return filepath.ToSlash(file)
	}
	return filepath.ToSlash(relative)
}

func isFile(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && !info.IsDir()
}

// isBelow reports whether a path is a directory or one in it.
func isBelow(dir, path string) bool {
	relative, err := filepath.Rel(dir, path)
	return err == nil && relative != ".." && !strings.HasPrefix(relative, ".."+string(filepath.Separator))
}
