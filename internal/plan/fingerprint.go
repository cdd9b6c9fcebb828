package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

// parts are what a plan rests on. Times, sources and who looked are left out: the
// same world has the same fingerprints, whoever looks at it.
func parts(in doctor.Input) []Part {
	f := in.Facts
	return []Part{
		{"target", of(in.Target)},
		{"tenant file", of(wishes(in.File))},
		{"journal", of(record(in.Record))},
		{
			"domains",
			seen(f.Domains, func(all []tenant.Domain) any { return each(all, func(d tenant.Domain) any { return d }) }),
		},
		{
			"zoom domains",
			seen(
				f.ZoomDomains,
				func(all []tenant.ZoomDomain) any { return each(all, func(d tenant.ZoomDomain) any { return d }) },
			),
		},
		{"zoom plan", seen(f.ZoomPlan, func(p tenant.ZoomPlan) any { return p.Type })},
		{"zoom groups", seen(f.ZoomGroups, func(all []tenant.ZoomGroup) any {
			return each(all, func(g tenant.ZoomGroup) any { return []string{g.ID, g.Name} })
		})},
		{"consent", seen(f.Consents, func(all []tenant.Consent) any { return each(all, consent) })},
		{
			"exchange roles",
			seen(
				f.Exchange,
				func(all []tenant.ExchangeRole) any { return each(all, func(r tenant.ExchangeRole) any { return r }) },
			),
		},
	}
}

// wishes are the parts of the tenant file that a plan follows from.
func wishes(f profile.File) any {
	f.Microsoft.ClientID, f.Zoom.ClientID = "", "" // who looks
	return f
}

func record(r doctor.Record) any {
	type confirmed struct{ Scope, Step, Choose string }
	var portal []any
	for scope, steps := range r.Portal {
		for step, c := range steps {
			portal = append(portal, confirmed{scope, step, c.Choose})
		}
	}
	var authorized []any
	for scope, a := range r.Authorized {
		authorized = append(authorized, []any{scope, a.Application, a.Granted, a.UPN})
	}
	return []any{texts(portal), texts(authorized), r.Pinned}
}

func consent(c tenant.Consent) any {
	if c.Principal == nil {
		return nil
	}
	var granted []string
	for _, g := range c.Grants {
		granted = append(granted, g.Permission.Resource+"/"+g.Permission.Role+"/"+g.Permission.Name)
	}
	slices.Sort(granted)
	return []any{c.Principal.ID, c.Principal.AppID, c.Principal.Enabled, granted}
}

// each encodes the items of a list in an order of its own: the services promise
// none.
func each[T any](all []T, what func(T) any) any {
	items := make([]any, len(all))
	for i, one := range all {
		items[i] = what(one)
	}
	return texts(items)
}

func texts(items []any) []string {
	all := make([]string, len(items))
	for i, one := range items {
		text, err := json.Marshal(one)
		if err != nil {
			panic(err) // plain values
		}
		all[i] = string(text)
	}
	slices.Sort(all)
	return all
}

func seen[T any](r tenant.Reading[T], what func(T) any) string {
	if !r.Seen() {
		return "not seen"
	}
	return of(what(r.Value))
}

// of is short, since people compare it; 64 bits are enough against chance.
func of(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // plain values
	}
	const bytes = 8
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:bytes])
}

func together(all []Part) string {
	var b strings.Builder
	for _, p := range all {
		b.WriteString(p.Name + "=" + p.Fingerprint + "\n")
	}
	return of(b.String())
}

// newest is when the newest fact was read.
func newest(in doctor.Input) time.Time {
	f := in.Facts
	var at time.Time
	for _, t := range []time.Time{
		f.Organization.At,
		f.Domains.At,
		f.ZoomDomains.At,
		f.ZoomPlan.At,
		f.ZoomGroups.At,
		f.Consents.At,
		f.Exchange.At,
		f.Clocks.At,
	} {
		if t.After(at) {
			at = t
		}
	}
	return at.UTC()
}
