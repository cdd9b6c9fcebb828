package snapshot

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// header has the names that upn's readers know.
var header = []string{
	"id",
	"userPrincipalName",
	"mail",
	"proxyAddresses",
	"accountEnabled",
	"userType",
	"onPremisesSyncEnabled",
	"mailPlan",
}

func row(u tenant.User) []string {
	kind := "Member"
	if u.Guest {
		kind = "Guest"
	}
	var proxies []string
	for _, p := range u.Proxies {
		if upn.Normal(p) != "" { // addresses of other kinds match nobody
			proxies = append(proxies, p)
		}
	}
	return []string{
		u.ID,
		u.UPN,
		u.Mail,
		strings.Join(proxies, ";"),
		choice(u.Enabled),
		kind,
		choice(u.Synced),
		choice(u.MailPlan),
	}
}

func choice(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
}

// apply writes the people anew with what changed, and returns how many they are.
func (f Folder) apply(ctx context.Context, m Microsoft, changes []tenant.UserChange) (int, error) {
	byID := map[string][]tenant.UserChange{}
	var order []string
	for _, c := range changes {
		if _, twice := byID[c.ID]; !twice {
			order = append(order, c.ID)
		}
		byID[c.ID] = append(byID[c.ID], c)
	}
	n := 0
	err := atomicfile.Fill(f.path(peopleFile), 0o600, func(w io.Writer) error {
		out := csv.NewWriter(w)
		if err := out.Write(header); err != nil {
			return err
		}
		var failed error
		add := func(u tenant.User) {
			n++
			if err := out.Write(row(u)); err != nil {
				failed = err
			}
		}
		err := f.each(peopleFile, func(u tenant.User) {
			if changed := byID[u.ID]; changed != nil {
				delete(byID, u.ID)
				if u, ok := changedUser(u, changed); ok {
					add(u)
				}
				return
			}
			add(u)
		})
		if err != nil {
			return err
		}
		for _, id := range order {
			if err := f.addNew(ctx, m, byID[id], add); err != nil {
				return err
			}
		}
		out.Flush()
		if failed == nil {
			failed = out.Error()
		}
		return failed
	})
	return n, err
}

// changedUser is false when the person is gone.
func changedUser(u tenant.User, changes []tenant.UserChange) (tenant.User, bool) {
	there := true
	for _, c := range changes {
		u, there = c.Apply(u), !c.Removed
	}
	return u, there
}

// addNew adds somebody whom the snapshot did not have. A restored person may come
// with a part of their properties: then Graph is asked for all.
func (f Folder) addNew(ctx context.Context, m Microsoft, changes []tenant.UserChange, add func(tenant.User)) error {
	if len(changes) == 0 {
		return nil
	}
	u, there := changedUser(tenant.User{}, changes)
	if !there {
		return nil
	}
	last := changes[len(changes)-1]
	if last.UPN == nil || last.Proxies == nil {
		whole, err := m.User(ctx, u.ID)
		if err != nil || whole == nil {
			return err
		}
		u = *whole
	}
	add(u)
	return nil
}

// each reads a file of people.
func (f Folder) each(name string, each func(tenant.User)) error {
	file, err := os.Open(f.path(name))
	if err != nil {
		return fmt.Errorf("reading the snapshot: %w", err)
	}
	defer file.Close()
	_, err = export.EachMicrosoft(f.path(name), file, export.Options{AllowPartial: true}, each)
	return err
}
