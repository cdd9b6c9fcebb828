package main

import (
	"fmt"
	"slices"
	"strings"
)

// judge holds a report against the answers. Every class but typo must be right
// to the letter; for typo it says precision and recall, the least of which must
// be 0.99. A program that does not look for typos must call them missing.
func judge(answers, report string, typos bool) (string, error) {
	right := map[string]string{}
	suggested := map[string]string{}
	err := readCSV(answers, func(r []string) error {
		if r[1] == "typo" {
			suggested[r[0]] = r[6]
		}
		right[r[0]] = strings.Join(r[1:6], "|")
		return nil
	})
	if err != nil {
		return "", err
	}
	var said, agreed, people int
	err = readCSV(report, func(r []string) error {
		people++
		email := r[0]
		want, known := right[email]
		if !known {
			return fmt.Errorf("%s is in the report and not in the answers, or twice", email)
		}
		delete(right, email)
		_, isTypo := suggested[email]
		if r[1] == "typo" && typos {
			said++
			if isTypo && r[6] == suggested[email] {
				agreed++
			}
			return nil
		}
		if isTypo {
			want = "missing||||"
		}
		if got := strings.Join(r[1:6], "|"); got != want {
			return fmt.Errorf("%s: the report says %q, the answer is %q", email, got, want)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if len(right) > 0 {
		return "", fmt.Errorf("%d people are missing in the report", len(right))
	}
	if !typos {
		return "right (without typo)", nil
	}
	precision, recall := ratio(agreed, said), ratio(agreed, len(suggested))
	if slices.Min([]float64{precision, recall}) < 0.99 {
		return "", fmt.Errorf("typo: precision %.4f, recall %.4f", precision, recall)
	}
	return fmt.Sprintf("right; typo precision %.4f, recall %.4f", precision, recall), nil
}

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}
