package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Fingerprint identifies a schema: two databases with equal fingerprints have equal schemas, up to the equality of this
// package. Fingerprints of different text classes cannot be compared.
type Fingerprint struct {
	// Rules is what was hashed: "s1" for everything but owners and privileges, "s1p" for everything.
	Rules string
	Class string // see TextClass
	Hash  string // SHA-256 in hexadecimal digits
}

// The rules by which this version computes fingerprints.
const (
	plainRules = "s1"
	fullRules  = "s1p"
)

// Fingerprint returns the fingerprint of the structure with its comments and security labels. Owners and privileges, which
// differ between installations, do not change it.
func (s *Schema) Fingerprint() Fingerprint { return s.fingerprint(plainRules, Owner|Privileges) }

// FullFingerprint returns the fingerprint of the structure and all facets.
func (s *Schema) FullFingerprint() Fingerprint { return s.fingerprint(fullRules, 0) }

func (s *Schema) fingerprint(rules string, except Facet) Fingerprint {
	total := sha256.New()
	for _, o := range s.Objects {
		_, _ = total.Write(o.encode(except))
	}
	return Fingerprint{rules, TextClass(s.Version), hex.EncodeToString(total.Sum(nil))}
}

// ObjectHash is the hash of one object, for finding the objects that changed without having their facts.
type ObjectHash struct {
	Key  Key
	Hash [8]byte // the beginning of a SHA-256
}

// Hashes returns the hash of each object, sorted by key, without the facts of the facets in except. Objects that belong
// to such a facet as a whole are left out.
func (s *Schema) Hashes(except ...Facet) []ObjectHash {
	var left Facet
	for _, facet := range except {
		left |= facet
	}
	hashes := make([]ObjectHash, 0, len(s.Objects))
	for _, o := range s.Objects {
		if encoded := o.encode(left); encoded != nil {
			sum := sha256.Sum256(encoded)
			hashes = append(hashes, ObjectHash{o.Key, [8]byte(sum[:8])})
		}
	}
	return hashes
}

// encode returns kind NUL name NUL (fact NUL value NUL)* NUL, or nil if the object as a whole belongs to a facet that is
// left out. No text of the server contains a NUL.
func (o *Object) encode(except Facet) []byte {
	if except&kinds[o.Key.Kind].facet != 0 {
		return nil
	}
	b := make([]byte, 0, 256)
	b = append(append(b, o.Key.Kind.String()...), 0)
	b = append(append(b, o.Key.Name...), 0)
	for _, f := range o.Facts {
		if except&FacetOf(f.Name) != 0 {
			continue
		}
		b = append(append(b, f.Name...), 0)
		b = append(append(b, normalValue(f)...), 0)
	}
	return append(b, 0)
}

// String returns the fingerprint as rules:class:hash, such as "s1:16-18:9f86d0…".
func (f Fingerprint) String() string { return f.Rules + ":" + f.Class + ":" + f.Hash }

// Comparable reports whether the two were computed by the same rules for the same text class, so that different hashes
// mean different schemas.
func (f Fingerprint) Comparable(other Fingerprint) bool {
	return f.Rules == other.Rules && f.Class == other.Class
}

// ParseFingerprint reads the result of String. It accepts rules that this version does not know.
func ParseFingerprint(text string) (Fingerprint, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return Fingerprint{}, fmt.Errorf("not a fingerprint: %q", text)
	}
	return Fingerprint{parts[0], parts[1], parts[2]}, nil
}

// Compute computes the fingerprint of s by the rules of f, to compare it with a stored one. ok is false if this version
// does not know the rules.
func (f Fingerprint) Compute(s *Schema) (computed Fingerprint, ok bool) {
	switch f.Rules {
	case plainRules:
		return s.Fingerprint(), true
	case fullRules:
		return s.FullFingerprint(), true
	}
	return Fingerprint{}, false
}
