package importer

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// atlasSumFile names each migration with a hash of its text and of all before it.
const atlasSumFile = "atlas.sum"

// atlasUnsummed matches a migration that is not in atlas.sum.
var atlasUnsummed = regexp.MustCompile(`^[ -~]*atlas:sum +ignore\s`)

// checkAtlasSum compares the files, in their order, with atlas.sum, as Atlas does before it runs anything. It returns the first
// difference, because all hashes after it differ as well. A folder without atlas.sum is accepted.
func checkAtlasSum(dir string, files []entry) error {
	sum := filepath.Join(dir, atlasSumFile)
	if !isFile(sum) {
		return nil
	}
	text, err := readText(sum)
	if err != nil {
		return err
	}
	const advice = "restore the files that the databases have, or run `atlas migrate hash` if the change is intended"
	var listed [][2]string // name, hash
	for n, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		name, hash, ok := strings.Cut(strings.TrimRight(line, "\r"), "h1:")
		switch {
		case !ok:
			return fmt.Errorf("%s:%d: the line has no hash (h1:…)", sum, n+1)
		case n > 0:
			listed = append(listed, [2]string{strings.TrimSpace(name), hash})
		}
	}
	h := sha256.New()
	for _, f := range files {
		data, err := os.ReadFile(f.path)
		if err != nil {
			return unreadable(f.path, err)
		}
		h.Write([]byte(f.name))
		if atlasUnsummed.Match(data) {
			continue
		}
		h.Write(data)
		switch n := slices.IndexFunc(listed, func(l [2]string) bool { return l[0] == f.name }); {
		case n < 0:
			return fmt.Errorf("%s: %s does not list this file: %s", f.path, sum, advice)
		case n > 0:
			return fmt.Errorf("%s: %s lists this file, which does not exist: %s", filepath.Join(dir, listed[0][0]), sum, advice)
		case listed[0][1] != base64.StdEncoding.EncodeToString(h.Sum(nil)):
			return fmt.Errorf("%s: the file was modified after %s was written: %s", f.path, sum, advice)
		}
		listed = listed[1:]
	}
	if len(listed) > 0 {
		return fmt.Errorf("%s: %s lists this file, which does not exist: %s", filepath.Join(dir, listed[0][0]), sum, advice)
	}
	return nil
}
