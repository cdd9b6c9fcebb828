package export

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
	// foreign is a field of the other service's people, foreignList the list of its
	// pages; other is what to say when one of them is there.
	foreign, foreignList, other string
	decode                      func(json.RawMessage) (T, error)
}

var graphJSON = jsonForm[tenant.User]{
	kind:        "Graph JSON",
	list:        "value",
	next:        "@odata.nextLink",
	required:    "userPrincipalName",
	foreign:     "email",
	foreignList: "users",
	other:       `"email" suggests a Zoom export: give it as --zoom-export`,
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
			ID:          w.ID,
			UPN:         w.UPN,
			Mail:        w.Mail,
			DisplayName: w.Name,
			Proxies:     w.Proxies,
			Enabled:     w.Enabled,
			Guest: strings.EqualFold(
				w.Type,
				"Guest",
			),
			Synced:  w.Synced != nil && *w.Synced,
			Deleted: w.Deleted != nil && *w.Deleted != "",
		}
		if w.Plans != nil {
			has := false
			for _, p := range *w.Plans {
				has = has || tenant.IsMailPlan(p.Service, p.Status)
			}
			u.MailPlan = &has
		}
		return u, nil
	},
}

var zoomJSON = jsonForm[tenant.ZoomUser]{
	kind:        "Zoom JSON",
	list:        "users",
	next:        "next_page_token",
	required:    "email",
	foreign:     "userPrincipalName",
	foreignList: "value",
	other:       `"userPrincipalName" suggests a Microsoft export: give it as --microsoft-export`,
	decode: func(raw json.RawMessage) (tenant.ZoomUser, error) {
		var w struct {
			ID     string   `json:"id"`
			Email  string   `json:"email"`
			Name   string   `json:"display_name"`
			Status string   `json:"status"`
			Groups []string `json:"group_ids"`
		}
		err := json.Unmarshal(raw, &w)
		return tenant.ZoomUser{
			ID:          w.ID,
			Email:       w.Email,
			DisplayName: w.Name,
			Status:      w.Status,
			GroupIDs:    w.Groups,
		}, err
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
// another, a list of pages, or a bare list of people. A person at a time is in
// memory, whatever the length of the list.
func readJSON[T any](file string, r *bufio.Reader, form jsonForm[T], allowPartial bool, each func(T)) (Export, error) {
	e := Export{Kind: form.kind}
	lines := &lineCounter{r: r}
	d := &jsonReader[T]{
		file:    file,
		form:    form,
		each:    each,
		Decoder: json.NewDecoder(lines),
	}
	var err error
	for err == nil {
		err = d.value()
	}
	var format *FormatError
	switch {
	case errors.As(err, &format):
		return e, err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF) && d.depth > 0:
		return e, &FormatError{
			File:    file,
			Line:    lines.line(lines.read),
			Message: "the JSON ends in the middle: the file is cut",
			Hint:    "fetch it again and check that the download is complete",
		}
	case !errors.Is(err, io.EOF):
		return e, &FormatError{
			File:    file,
			Line:    lines.line(d.InputOffset()),
			Message: "this is not valid JSON: " + err.Error(),
			Hint:    "fetch it again and check that the download is complete",
		}
	}
	if d.next != "" {
		if !allowPartial {
			return e, &FormatError{
				File:    file,
				Message: fmt.Sprintf("the last page has %q: more pages follow, and they are not in the file", form.next),
				Hint:    "fetch all pages, or use --allow-partial for a report that says it is partial",
			}
		}
		e.Partial = true
		e.Notes = append(e.Notes, file+": more pages follow that are not in the file; the report is partial")
	}
	return e, nil
}

type jsonReader[T any] struct {
	*json.Decoder
	file  string
	form  jsonForm[T]
	each  func(T)
	count int
	// next is the next link of the last page.
	next string
	// depth counts open brackets, so that an end within them is a cut.
	depth int
}

// value reads a page, a list or a person.
func (d *jsonReader[T]) value() error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('['):
		return d.items()
	case json.Delim('{'):
		return d.object()
	}
	return &FormatError{File: d.file, Message: fmt.Sprintf("a user or a page of users was expected, not %v", token)}
}

// items reads the rest of a list.
func (d *jsonReader[T]) items() error {
	d.depth++
	for d.More() {
		if err := d.value(); err != nil {
			return err
		}
	}
	return d.end()
}

func (d *jsonReader[T]) end() error {
	if _, err := d.Token(); err != nil {
		return err
	}
	d.depth--
	return nil
}

// object reads the rest of a page, whose list is read as it comes, or of a
// person.
func (d *jsonReader[T]) object() error {
	d.depth++
	fields, isPage := map[string]json.RawMessage{}, false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if name == d.form.list {
			isPage = true
			if token, err := d.Token(); err != nil {
				return err
			} else if token != json.Delim('[') {
				return &FormatError{File: d.file, Message: fmt.Sprintf("%q is not a list", d.form.list)}
			}
			if err := d.items(); err != nil {
				return err
			}
			continue
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		fields[name] = value
	}
	if err := d.end(); err != nil {
		return err
	}
	if isPage {
		d.next = ""
		_ = json.Unmarshal(fields[d.form.next], &d.next) // absent is the last page
		return nil
	}
	return d.person(fields)
}

func (d *jsonReader[T]) person(fields map[string]json.RawMessage) error {
	d.count++
	var required string
	if err := json.Unmarshal(fields[d.form.required], &required); err != nil || required == "" {
		hint := "select the field when exporting"
		if fields[d.form.foreign] != nil || fields[d.form.foreignList] != nil {
			hint = d.form.other
		}
		return &FormatError{
			File:    d.file,
			Message: fmt.Sprintf("user number %d has no %q", d.count, d.form.required),
			Hint:    hint,
		}
	}
	whole, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	person, err := d.form.decode(whole)
	if err != nil {
		return &FormatError{File: d.file, Message: fmt.Sprintf("user %s: %v", required, err)}
	}
	d.each(person)
	return nil
}
