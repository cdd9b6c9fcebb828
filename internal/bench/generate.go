package main

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// tenant are the files of a generated tenant.
type tenant struct{ Zoom, Microsoft, Answers string }

func tenantIn(dir string) tenant {
	return tenant{
		Zoom:      filepath.Join(dir, "zoom.csv"),
		Microsoft: filepath.Join(dir, "microsoft.csv"),
		Answers:   filepath.Join(dir, "answers.csv"),
	}
}

// generate writes a tenant of n Zoom users; the same n makes the same bytes.
func generate(dir string, n int) (tenant, error) {
	t := tenantIn(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return t, err
	}
	// A step without a divisor in common with n visits every place once, so the
	// two files are in different orders.
	step := 7_368_787 % n
	for gcd(step, n) != 1 {
		step++
	}
	shuffled := func(i int) int { return int((int64(i)*int64(step) + 11) % int64(n)) }
	if err := writeCSV(t.Zoom, zoomHeader, func(add func(...string)) {
		for i := range n {
			p := place(shuffled(i), n)
			add(
				p.email,
				"First "+strconv.Itoa(i),
				"Last",
				p.answer.class[:1]+strconv.Itoa(i),
				"Licensed",
				"Active",
				"Sales, EMEA",
				"2024-01-15",
			)
		}
	}); err != nil {
		return t, err
	}
	if err := writeCSV(t.Microsoft, microsoftHeader, func(add func(...string)) {
		for i := range n + n*extra/1000 {
			for _, u := range place(i, n).rows {
				add(u.cells(i)...)
			}
		}
	}); err != nil {
		return t, err
	}
	return t, writeCSV(t.Answers, answerHeader, func(add func(...string)) {
		for i := range n {
			a := place(i, n).answer
			add(a.email, a.class, a.flags, a.upn, a.id, strings.ToLower(a.matchedOn), a.suggestion)
		}
	})
}

var (
	zoomHeader = []string{
		"Email",
		"First Name",
		"Last Name",
		"User ID",
		"User Type",
		"User Status",
		"Department",
		"Created",
	}
	microsoftHeader = []string{
		"id",
		"displayName",
		"userPrincipalName",
		"mail",
		"proxyAddresses",
		"accountEnabled",
		"userType",
		"onPremisesSyncEnabled",
		"department",
		"deletedDateTime",
	}
	answerHeader = []string{"zoom_email", "class", "flags", "entra_upn", "entra_id", "matched_on", "suggestion"}
)

func (u row) cells(i int) []string {
	kind, synced, deleted := "Member", "", ""
	if u.guest {
		kind = "Guest"
	}
	if u.synced {
		synced = "True"
	}
	if u.deleted {
		deleted = "2026-11-01T08:00:00Z"
	}
	enabled := "True"
	if u.disabled {
		enabled = "False"
	}
	return []string{
		u.id,
		fmt.Sprintf("Last, First %d", i),
		u.upn,
		u.mail,
		strings.Join(u.proxies, ";"),
		enabled,
		kind,
		synced,
		"Sales",
		deleted,
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func writeCSV(file string, header []string, fill func(add func(...string))) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(f, 1<<20)
	w := csv.NewWriter(buffered)
	failed := w.Write(header)
	fill(func(cells ...string) {
		if failed == nil {
			failed = w.Write(cells)
		}
	})
	w.Flush()
	for _, err := range []error{failed, w.Error(), buffered.Flush(), f.Close()} {
		if err != nil {
			return fmt.Errorf("writing %s: %w", file, err)
		}
	}
	return nil
}

// readCSV hands every record but the header to each.
func readCSV(file string, each func(record []string) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReaderSize(f, 1<<20))
	r.ReuseRecord = true
	for line := 0; ; line++ {
		record, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		if line == 0 {
			continue
		}
		if err := each(record); err != nil {
			return err
		}
	}
}
