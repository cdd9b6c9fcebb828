package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
)

// toJSON turns the exports into JSON with the services' own names, a person a line.
func (t *tenant) toJSON() error {
	zoom := func(r []string) any {
		return map[string]any{
			"email":      r[0],
			"first_name": r[1],
			"last_name":  r[2],
			"id":         r[3],
			"status":     strings.ToLower(r[5]),
			"dept":       r[6],
			"created_at": r[7],
		}
	}
	microsoft := func(r []string) any {
		proxies := []string{}
		if r[4] != "" {
			proxies = strings.Split(r[4], ";")
		}
		return map[string]any{
			"id":                    r[0],
			"displayName":           r[1],
			"userPrincipalName":     r[2],
			"mail":                  orNull(r[3]),
			"proxyAddresses":        proxies,
			"accountEnabled":        r[5] == "True",
			"userType":              r[6],
			"onPremisesSyncEnabled": orNull(r[7] == "True"),
			"department":            r[8],
			"deletedDateTime":       orNull(r[9]),
		}
	}
	var err error
	if t.Zoom, err = linesOf(t.Zoom, zoom); err == nil {
		t.Microsoft, err = linesOf(t.Microsoft, microsoft)
	}
	return err
}

func orNull[T comparable](value T) any {
	var none T
	if value == none {
		return nil
	}
	return value
}

// linesOf writes a file beside a CSV, an object a record.
func linesOf(file string, object func([]string) any) (string, error) {
	name := strings.TrimSuffix(file, ".csv") + ".ndjson"
	f, err := os.Create(name)
	if err != nil {
		return name, err
	}
	defer f.Close()
	buffered := bufio.NewWriterSize(f, 1<<20)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	if err := readCSV(file, func(r []string) error { return encoder.Encode(object(r)) }); err != nil {
		return name, err
	}
	return name, buffered.Flush()
}
