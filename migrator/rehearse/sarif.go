package rehearse

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// The parts of SARIF 2.1.0 that are written. See its specification, OASIS Standard, section 3.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string             `json:"id"`
		ShortDescription sarifText          `json:"shortDescription"`
		FullDescription  sarifText          `json:"fullDescription"`
		Help             sarifText          `json:"help"`
		Default          sarifConfiguration `json:"defaultConfiguration"`
		Properties       sarifRuleTags      `json:"properties"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifRuleTags struct {
		Tags []string `json:"tags"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations,omitempty"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
	}
	sarifLogical struct {
		FullyQualifiedName string `json:"fullyQualifiedName"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	// fingerprintName names how a finding is recognized in a later run: by everything but its position and its facts.
	fingerprintName = "ambixFinding/v1"
	// sourceRoot is what GitHub and others take for the root of the repository.
	sourceRoot = "%SRCROOT%"
)

// SARIF returns the findings in the Static Analysis Results Interchange Format 2.1.0, which GitHub code scanning and other
// tools read. Accepted findings are there, as suppressed ones.
func (r *Report) SARIF() ([]byte, error) {
	rules := Rules()
	driver := sarifDriver{Name: "ambix", Version: r.Version}
	for _, info := range rules {
		driver.Rules = append(driver.Rules, sarifRule{
			ID: string(info.Rule), ShortDescription: sarifText{info.Title}, FullDescription: sarifText{info.Help}, Help: sarifText{info.Help},
			Default: sarifConfiguration{sarifLevel(info.Worst)}, Properties: sarifRuleTags{[]string{"postgresql", "migration"}},
		})
	}
	run := sarifRun{Tool: sarifTool{driver}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	for _, f := range r.visible() {
		index := slices.IndexFunc(rules, func(info RuleInfo) bool { return info.Rule == f.Rule }) // -1 stands for none
		result := sarifResult{
			RuleID: string(f.Rule), RuleIndex: index, Level: sarifLevel(f.Severity), Message: sarifText{f.message()},
			Fingerprints: map[string]string{fingerprintName: f.fingerprint()},
		}
		if path := r.path(&f); path != "" {
			result.Locations = []sarifLocation{f.sarifLocation(path)}
		}
		if f.Accepted {
			result.Suppressions = []sarifSuppression{{"inSource", "accept: " + f.Accept.String()}}
		}
		run.Results = append(run.Results, result)
	}
	data, err := json.MarshalIndent(sarifLog{sarifSchema, "2.1.0", []sarifRun{run}}, "", "  ")
	return append(data, '\n'), err
}

func sarifLevel(s Severity) string {
	return map[Severity]string{Danger: "error", Warning: "warning", Note: "note"}[s]
}

func (f *Finding) sarifLocation(path string) sarifLocation {
	l := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{URI: (&url.URL{Path: path}).EscapedPath()}}}
	if !strings.HasPrefix(path, "/") {
		l.Physical.Artifact.Base = sourceRoot
	} else {
		l.Physical.Artifact.URI = "file://" + l.Physical.Artifact.URI
	}
	if f.Line > 0 {
		l.Physical.Region = &sarifRegion{f.Line, max(f.Column, 1)}
	}
	if f.Object != "" {
		l.Logical = []sarifLogical{{f.Object}}
	}
	return l
}

// fingerprint identifies a finding across runs: its position may move, and sizes change.
func (f *Finding) fingerprint() string {
	down := "up"
	if f.Down {
		down = "down"
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{string(f.Rule), f.Revision, down, f.Object, f.Text}, "\x00")))
	return hex.EncodeToString(sum[:16])
}
