package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// Narrowing is the JSON of rbac show.
type Narrowing struct {
	// State is narrowed, waiting, to do, blocked, not possible or not wanted.
	State       string        `json:"state"`
	Application string        `json:"application"`
	AppID       string        `json:"app_id"`
	Wanted      []WantedScope `json:"wanted"`
	// Grants are those in Entra that lead into mailboxes, Roles those in Exchange with their scopes.
	Grants []string `json:"grants"`
	Roles  []string `json:"roles"`
	// TestedAt is when the roles as they are were first seen to be as wanted; until CacheUntil
	// Exchange may go by what was before.
	TestedAt      *time.Time `json:"tested_at"`
	CacheUntil    *time.Time `json:"cache_until"`
	PoliciesKnown bool       `json:"access_policies_known"`
	// Policies are those about the application.
	Policies []string   `json:"access_policies"`
	ReadBy   string     `json:"exchange_read_by"`
	ReadAt   *time.Time `json:"exchange_read_at"`
	Open     []string   `json:"open"`
	Problem  string     `json:"problem"`
	Next     string     `json:"next"`
}

// WantedScope is a scope that the profiles want.
type WantedScope struct {
	Scope string `json:"scope"`
	// Mailboxes is how many people are in it; null where they are not listed.
	Mailboxes *int     `json:"mailboxes"`
	Nested    []string `json:"groups_within"`
}

// NarrowingListing shows it.
func NarrowingListing(n Narrowing) Listing {
	l := Listing{Value: n, Columns: []string{"what", "is"}}
	add := func(what, is string) {
		if is != "" {
			l.Rows = append(l.Rows, []string{what, is})
		}
	}
	add("state", n.State)
	add("application", strings.TrimSpace(n.Application+" "+n.AppID))
	for _, w := range n.Wanted {
		size := "whom it matches is not listed"
		if w.Mailboxes != nil {
			size = strconv.Itoa(*w.Mailboxes) + " in it"
		}
		add("wanted", w.Scope+" ("+size+")")
	}
	for _, g := range n.Grants {
		add("grant in Entra", g+" for every mailbox")
	}
	for _, r := range n.Roles {
		add("role in Exchange", r)
	}
	if n.TestedAt != nil {
		add("tested", n.TestedAt.UTC().Format(time.RFC3339))
		add("cache until", n.CacheUntil.UTC().Format(time.RFC3339))
	}
	if n.ReadAt != nil {
		add("read in Exchange", n.ReadAt.UTC().Format(time.RFC3339)+" by "+n.ReadBy)
	}
	switch {
	case !n.PoliciesKnown:
		add("access policies", "not known")
	case len(n.Policies) == 0:
		add("access policies", "none")
	}
	for _, p := range n.Policies {
		add("access policy", p)
	}
	for _, o := range n.Open {
		add("open", o)
	}
	add("problem", n.Problem)
	add("next", n.Next)
	l.Text = func(w io.Writer, _ Paint) error {
		for _, r := range l.Rows {
			if _, err := fmt.Fprintf(w, "%-17s %s\n", r[0], visible(r[1])); err != nil {
				return err
			}
		}
		return nil
	}
	return l
}

// EvidenceListing shows what was read in Exchange.
func EvidenceListing(e tenant.ExchangeEvidence) Listing {
	l := Listing{Value: e, Columns: []string{"what", "read"}}
	add := func(what, read string) { l.Rows = append(l.Rows, []string{what, read}) }
	add("application", e.AppID)
	add("at", e.At.UTC().Format(time.RFC3339))
	add("by", e.By)
	known := "not read"
	if e.Pointer != nil {
		known = YesNo(*e.Pointer)
	}
	add("known to exchange", known)
	if e.Roles != nil {
		add("roles", strconv.Itoa(len(*e.Roles)))
	}
	if e.Policies != nil {
		add("access policies", strconv.Itoa(len(*e.Policies)))
	}
	add("tests", strconv.Itoa(len(e.Tests)))
	if e.EWS != nil {
		on := "default"
		if e.EWS.Enabled != nil {
			on = YesNo(*e.EWS.Enabled)
		}
		add("ews enabled", on)
	}
	return l
}
