package render

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"

	"github.com/zo365/zo365/internal/doctor"
)

// The formats of pipelines.
const (
	JUnit Format = "junit"
	SARIF Format = "sarif"
)

// JUnit XML has no standard; these are the elements that Jenkins' schema and the
// readers of GitLab and Azure Pipelines have in common.
//
// https://github.com/jenkinsci/xunit-plugin (junit-10.xsd)
// https://docs.gitlab.com/ci/testing/unit_test_reports/
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string      `xml:"classname,attr"`
		Name    string      `xml:"name,attr"`
		Time    string      `xml:"time,attr"`
		File    string      `xml:"file,attr,omitempty"`
		Skipped *junitWhy   `xml:"skipped"`
		Error   *junitWhy   `xml:"error"`
		Failure *junitWhy   `xml:"failure"`
		Out     *junitPlain `xml:"system-out"`
	}
	junitWhy struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
	junitPlain struct {
		Text string `xml:",chardata"`
	}
)

// junit makes a fail a failure, an unknown an error (the check could not run), a
// muted finding skipped; a warning passes with a word.
func junit(d Doctor, file string) ([]byte, error) {
	suite := junitSuite{
		Name:     "zo365 doctor",
		Tests:    len(d.Findings),
		Failures: d.Counts.Fail,
		Errors:   d.Counts.Unknown,
		Skipped:  d.Counts.Muted + d.Counts.Skipped,
	}
	for _, f := range d.Findings {
		one := junitCase{
			Class: "zo365." + f.Scope,
			Name:  f.Code + ": " + f.Title,
			Time:  "0",
			File:  file,
		}
		switch {
		case f.Muted != nil:
			one.Skipped = &junitWhy{Message: "muted until " + f.Muted.Until + ": " + f.Muted.Reason, Text: f.explained()}
		case f.Severity == string(doctor.Skipped):
			one.Skipped = &junitWhy{Message: f.Saw}
		case f.Severity == string(doctor.Fail):
			one.Failure = &junitWhy{Message: f.Saw, Type: f.Code, Text: f.explained()}
		case f.Severity == string(doctor.Unknown):
			one.Error = &junitWhy{Message: f.Saw, Type: "unknown", Text: f.explained()}
		case f.Severity != string(doctor.OK):
			one.Out = &junitPlain{Text: f.Severity + ": " + f.explained()}
		}
		suite.Cases = append(suite.Cases, one)
	}
	text, err := xml.MarshalIndent(junitSuites{Suites: []junitSuite{suite}}, "", "  ")
	return append([]byte(xml.Header), append(text, '\n')...), err
}

// SARIF 2.1.0, with a physical location because code scanning of GitHub refuses
// results without one.
//
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
// https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
type (
	sarifText struct {
		Text string `json:"text"`
	}
	sarifRule struct {
		ID      string    `json:"id"`
		Short   sarifText `json:"shortDescription"`
		Full    sarifText `json:"fullDescription"`
		HelpURI string    `json:"helpUri,omitempty"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Kind         string            `json:"kind"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []any             `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Suppressions []any             `json:"suppressions"`
	}
)

// kindsOf say what a severity is in SARIF: only a result of the kind fail has a
// level other than none.
var kindsOf = map[string][2]string{
	string(doctor.OK): {
		"pass",
		"none",
	},
	string(doctor.Info):    {"informational", "none"},
	string(doctor.Warn):    {"fail", "warning"},
	string(doctor.Fail):    {"fail", "error"},
	string(doctor.Unknown): {"open", "none"},
	string(doctor.Skipped): {"notApplicable", "none"},
}

func sarif(d Doctor, file string) ([]byte, error) {
	rules, results := []sarifRule{}, []sarifResult{}
	index := map[string]int{}
	for _, f := range d.Findings {
		if _, known := index[f.Code]; !known {
			index[f.Code] = len(rules)
			rules = append(rules, sarifRule{
				ID:      f.Code,
				Short:   sarifText{f.Title},
				Full:    sarifText{f.Why},
				HelpURI: f.Source,
			})
		}
		sum := sha256.Sum256([]byte(f.Code + "\n" + f.Scope))
		kind := kindsOf[f.Severity]
		one := sarifResult{
			RuleID:    f.Code,
			RuleIndex: index[f.Code],
			Kind:      kind[0],
			Level:     kind[1],
			Message:   sarifText{f.Scope + ": " + f.explained()},
			Locations: []any{
				map[string]any{
					"physicalLocation": map[string]any{
						"artifactLocation": map[string]any{"uri": file},
						"region":           map[string]any{"startLine": 1},
					},
				},
			},
			Fingerprints: map[string]string{"zo365/v1": hex.EncodeToString(sum[:])},
			Suppressions: []any{},
		}
		if f.Muted != nil {
			one.Suppressions = append(
				one.Suppressions,
				map[string]any{
					"kind":          "external",
					"status":        "accepted",
					"justification": f.Muted.Reason + " (until " + f.Muted.Until + ")",
				},
			)
		}
		results = append(results, one)
	}
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	err := out.Encode(map[string]any{
		"$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		"version": "2.1.0",
		"runs": []any{
			map[string]any{
				"tool": map[string]any{
					"driver": map[string]any{"name": "zo365", "informationUri": "https://github.com/zo365/zo365", "rules": rules},
				},
				"results": results,
			},
		},
	})
	return text.Bytes(), err
}
