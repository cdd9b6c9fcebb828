package connect

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// NamedTwiceError says that a variable names another tenant or account than the tenant
// file does: whoever set one of them means somebody else.
type NamedTwiceError struct {
	// What is "the Microsoft tenant" or "the Zoom account".
	What string
	// Variable has Value; the file at Path has InFile under Key.
	Variable, Value, Key, InFile, Path string
}

func (e *NamedTwiceError) Error() string {
	return fmt.Sprintf(
		"%s names %s, and %s in %s names %s: these are two %ss",
		e.Variable,
		e.Value,
		e.Key,
		e.Path,
		e.InFile,
		strings.TrimPrefix(e.What, "the "),
	)
}

// agree holds the variables against the tenant file, once in a run. ZO365_ variables are
// set for zo365 and must mean what the file means; those of other tools are ignored
// where the file names somebody else.
func (d *Doors) agree(ctx context.Context) error {
	d.agreed.Do(func() { d.disagreement = d.compareNames(ctx) })
	return d.disagreement
}

func (d *Doors) compareNames(ctx context.Context) error {
	file := d.opts.File
	if file.Microsoft.Tenant != "" {
		if value := d.opts.Getenv("ZO365_MICROSOFT_TENANT"); value != "" && !d.sameTenant(ctx, value, file.Microsoft.Tenant) {
			return &NamedTwiceError{
				"the Microsoft tenant",
				"ZO365_MICROSOFT_TENANT",
				value,
				"microsoft.tenant",
				file.Microsoft.Tenant,
				d.opts.Path,
			}
		}
		d.ignored("AZURE_TENANT_ID", file.Microsoft.Tenant)
	}
	if file.Zoom.AccountID != "" {
		if value := d.opts.Getenv("ZO365_ZOOM_ACCOUNT_ID"); value != "" && value != file.Zoom.AccountID {
			return &NamedTwiceError{
				"the Zoom account",
				"ZO365_ZOOM_ACCOUNT_ID",
				value,
				"zoom.account_id",
				file.Zoom.AccountID,
				d.opts.Path,
			}
		}
		d.ignored("ZOOM_ACCOUNT_ID", file.Zoom.AccountID)
	}
	return nil
}

func (d *Doors) ignored(variable, inFile string) {
	if value := d.opts.Getenv(variable); value != "" && !strings.EqualFold(value, inFile) && d.opts.Say != nil {
		d.opts.Say("note: %s is ignored: the tenant file names %s", variable, inFile)
	}
}

// sameTenant compares two names of tenants once both are resolved to IDs; names that
// cannot be resolved are the same only when they are written alike.
func (d *Doors) sameTenant(ctx context.Context, a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	first, err := d.TenantID(ctx, a)
	if err != nil {
		return false
	}
	second, err := d.TenantID(ctx, b)
	return err == nil && strings.EqualFold(first, second)
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// IsID says whether a tenant is named by its ID.
func IsID(tenant string) bool { return guid.MatchString(tenant) }

// TenantID is the ID of the tenant that a domain belongs to, from Entra's own metadata,
// which needs no sign-in; an ID is itself.
//
// https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#find-your-apps-openid-configuration-document-uri
func (d *Doors) TenantID(ctx context.Context, name string) (string, error) {
	if guid.MatchString(name) {
		return strings.ToLower(name), nil
	}
	address := d.Hosts.Login + "/" + url.PathEscape(name) + "/v2.0/.well-known/openid-configuration"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return "", fmt.Errorf("resolving the tenant %s: %w", name, err)
	}
	resp, err := d.tokenClient().Do(req)
	if err != nil {
		return "", fmt.Errorf("resolving the tenant %s: %w", name, err)
	}
	defer resp.Body.Close()
	var body struct {
		Issuer string `json:"issuer"`
	}
	const longest = 1 << 20
	if err := json.NewDecoder(
		io.LimitReader(resp.Body, longest),
	).Decode(
		&body,
	); err != nil ||
		resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("resolving the tenant %s: Entra knows no such tenant (%d)", name, resp.StatusCode)
	}
	for _, part := range strings.Split(body.Issuer, "/") {
		if guid.MatchString(part) {
			return strings.ToLower(part), nil
		}
	}
	return "", fmt.Errorf("resolving the tenant %s: Entra's answer names no tenant", name)
}
