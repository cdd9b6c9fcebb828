package upn

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// jsonForm says how one service writes its lists.
type jsonForm[T any] struct {
	kind string
	// list is the key of a page's items; next, if set to a text, says that
	// another page follows.
	list, next string
	// required is the field that every person must have.
	required string
	// foreign is a field of the other service's people; other is what to say
	// when it is there.
	foreign, other string
	decode         func(json.RawMessage) (T, error)
}

var graphJSON = jsonForm[tenant.User]{
	kind: "Graph JSON", list: "value", next: "@odata.nextLink", required: "userPrincipalName", foreign: "email",
	other: `"email" suggests a Zoom export: give it as --zoom-export`,
	decode: func(raw json.RawMessage) (tenant.User, error) {
		var w struct {
			ID      string   `json:"id"`
			UPN     string   `json:"userPrincipalName"`
			Mail    string   `json:"mail"`
			Name    string   `json:"displayName"`
			Proxies []string `json:"proxyAddresses"`
			Enabled *bool    `json:"accountEnabled"`
			Type    string   `json:"userType"`
			Synced  *bool    `json:"onPremisesSyncEnabled"`
			Deleted *string  `json:"deletedDateTime"`
			Plans   *[]struct {
				Service string `json:"service"`
				Status  string `json:"capabilityStatus"`
			} `json:"assignedPlans"`
		}
		if err := json.Unmarshal(raw, &w); err != nil {
			return tenant.User{}, err
		}
		u := tenant.User{
			ID: w.ID, UPN: w.UPN, Mail: w.Mail, DisplayName: w.Name, Proxies: w.Proxies, Enabled: w.Enabled,
			Guest: strings.EqualFold(w.Type, "Guest"), Synced: w.Synced != nil && *w.Synced, Deleted: w.Deleted != nil && *w.Deleted != "",
		}
		if w.Plans != nil {
			has := false
			for _, p := range *w.Plans {
				has = has || p.Service == "exchange" && (p.Status == "Enabled" || p.Status == "Warning")
			}
			u.MailPlan = &has
		}
		return u, nil
	},
}

var zoomJSON = jsonForm[tenant.ZoomUser]{
	kind: "Zoom JSON", list: "users", next: "next_page_token", required: "email", foreign: "userPrincipalName",
	other: `"userPrincipalName" suggests a Microsoft export: give it as --microsoft-export`,
	decode: func(raw json.RawMessage) (tenant.ZoomUser, error) {
		var w struct {
			ID     string   `json:"id"`
			Email  string   `json:"email"`
			Name   string   `json:"display_name"`
			Status string   `json:"status"`
			Groups []string `json:"group_ids"`
		}
		err := json.Unmarshal(raw, &w)
		return tenant.ZoomUser{ID: w.ID, Email: w.Email, DisplayName: w.Name, Status: w.Status, GroupIDs: w.Groups}, err
	},
}

// lineCounter counts lines for messages.
type lineCounter struct {
	r io.Reader
	// starts are the offsets of line breaks.
	breaks []int64
	read   int64
}

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for i, b := range p[:n] {
		if b == '\n' {
			l.breaks = append(l.breaks, l.read+int64(i))
		}
	}
	l.read += int64(n)
	return n, err
}

func (l *lineCounter) line(offset int64) int {
	line := 1
	for _, at := range l.breaks {
		if at < offset {
			line++
		}
	}
	return line
}

// readJSON reads pages as the service sends them: one, several after one
// another, a list of pages, or a bare list of people.
func readJSON[T any](file string, r *bufio.Reader, form jsonForm[T], allowPartial bool) (Export[T], error) {
	e := Export[T]{Kind: form.kind}
	lines := &lineCounter{r: r}
	decoder := json.NewDecoder(lines)
	more := "" // the next link of the last page
	for {
		var value json.RawMessage
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			message := "this is not valid JSON: " + err.Error()
			line := lines.line(decoder.InputOffset())
			if errors.Is(err, io.ErrUnexpectedEOF) {
				message, line = "the JSON ends in the middle: the file is cut", lines.line(lines.read)
			}
			return e, &FormatError{File: file, Line: line, Message: message, Hint: "fetch it again and check that the download is complete"}
		}
		if more, err = form.value(&e, file, value); err != nil {
			return e, err
		}
	}
	if more != "" {
		if !allowPartial {
			return e, &FormatError{File: file, Message: fmt.Sprintf("the last page has %q: more pages follow, and they are not in the file", form.next), Hint: "fetch all pages, or use --allow-partial for a report that says it is partial"}
		}
		e.Partial = true
		e.Notes = append(e.Notes, file+": more pages follow that are not in the file; the report is partial")
	}
	return e, nil
}

// value reads a page, a list or a person and returns the page's next link.
func (f jsonForm[T]) value(e *Export[T], file string, value json.RawMessage) (next string, err error) {
	if value[0] == '[' {
		var items []json.RawMessage
		if err := json.Unmarshal(value, &items); err != nil {
			return "", err
		}
		for _, item := range items {
			if next, err = f.value(e, file, item); err != nil {
				return "", err
			}
		}
		return next, nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(value, &object); err != nil {
		return "", &FormatError{File: file, Message: "a user or a page of users was expected, not " + shorten(value)}
	}
	if list, isPage := object[f.list]; isPage {
		if len(list) == 0 || list[0] != '[' {
			return "", &FormatError{File: file, Message: fmt.Sprintf("%q is not a list", f.list)}
		}
		if _, err := f.value(e, file, list); err != nil {
			return "", err
		}
		_ = json.Unmarshal(object[f.next], &next) // absent is the last page
		return next, nil
	}
	var required string
	if err := json.Unmarshal(object[f.required], &required); err != nil || required == "" {
		hint := "select the field when exporting"
		if object[f.foreign] != nil {
			hint = f.other
		}
		return "", &FormatError{File: file, Message: fmt.Sprintf("user number %d has no %q", len(e.People)+1, f.required), Hint: hint}
	}
	person, err := f.decode(value)
	if err != nil {
		return "", &FormatError{File: file, Message: fmt.Sprintf("user %s: %v", required, err)}
	}
	e.People = append(e.People, person)
	return "", nil
}

func shorten(value json.RawMessage) string {
	if len(value) > 40 {
		return string(value[:40]) + "…"
	}
	return string(value)
}
