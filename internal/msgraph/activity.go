package msgraph

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

var accessSignIns = access("SignIns", tenant.Same("when an application last signed in", "AuditLog.Read.All"))

// SignIns reads when an application last signed in as itself. The report needs a
// P1 or P2 licence; an application that never signed in is not in it.
//
// https://learn.microsoft.com/graph/api/reportroot-list-serviceprincipalsigninactivities
func (c *Client) SignIns(ctx context.Context, appID string) ([]tenant.AppSignIn, error) {
	type activity struct {
		Last time.Time `json:"lastSignInDateTime"`
	}
	if slices.Contains(notIn["SignIns"], c.Cloud) {
		return nil, tenant.ErrNotInCloud
	}
	var all []tenant.AppSignIn
	q := call{
		doing:  "reading the sign-ins of Zoom's application",
		access: accessSignIns,
		method: http.MethodGet,
		beta:   true,
		path:   "/reports/servicePrincipalSignInActivities" + query("$filter", url.QueryEscape("appId eq "+odata(appID))),
	}
	err := list(ctx, c, q, func(page []struct {
		AppID string    `json:"appId"`
		App   *activity `json:"applicationAuthenticationClientSignInActivity"`
		Any   *activity `json:"lastSignInActivity"`
	},
	) {
		for _, one := range page {
			last := one.App
			if last == nil {
				last = one.Any
			}
			if last != nil && strings.EqualFold(one.AppID, appID) {
				all = append(all, tenant.AppSignIn{AppID: one.AppID, Last: last.Last})
			}
		}
	})
	return all, err
}

var accessAppCredentials = access("AppCredentials", readApplications)

// AppCredentials lists when the secrets and certificates of an application of this
// tenant end. An application that is registered elsewhere has none here.
//
// https://learn.microsoft.com/graph/api/application-get
//
// inUse says of a secret's hint (its first three characters) or a certificate's
// thumbprint whether it is the one that zo365 signs in with; nil is not known.
func (c *Client) AppCredentials(
	ctx context.Context,
	appID string,
	inUse func(kind, mark string) *bool,
) ([]tenant.AppCredential, error) {
	type credential struct {
		Name string    `json:"displayName"`
		End  time.Time `json:"endDateTime"`
		Hint string    `json:"hint"`
		Mark string    `json:"customKeyIdentifier"`
	}
	var app struct {
		Passwords []credential `json:"passwordCredentials"`
		Keys      []credential `json:"keyCredentials"`
	}
	q := call{
		doing:  "reading the credentials of the application that zo365 signs in with",
		access: accessAppCredentials,
		method: http.MethodGet,
		path: "/applications(appId=" + quoted(
			appID,
		) + ")" + query(
			"$select",
			"id,appId,passwordCredentials,keyCredentials",
		),
	}
	if err := c.do(ctx, q, &app); err != nil {
		if IsNotFound(err) {
			return nil, nil
		}
		return nil, err
	}
	var all []tenant.AppCredential
	for _, p := range app.Passwords {
		all = append(all, tenant.AppCredential{
			Kind:    "secret",
			Name:    p.Name,
			Expires: p.End,
			InUse:   inUse("secret", p.Hint),
		})
	}
	for _, k := range app.Keys {
		all = append(
			all,
			tenant.AppCredential{
				Kind:    "certificate",
				Name:    k.Name,
				Expires: k.End,
				InUse:   inUse("certificate", k.Mark),
			},
		)
	}
	return all, nil
}

var accessWithoutMailbox = access("WithoutMailbox", readUsers)

// WithoutMailbox counts the enabled members without an Exchange plan and names the
// first page of them. A shared mailbox needs no plan, so this says who may have no
// mailbox.
//
// https://learn.microsoft.com/graph/aad-advanced-queries
func (c *Client) WithoutMailbox(ctx context.Context) (tenant.Mailless, error) {
	works := make([]string, len(tenant.MailPlanStatuses))
	for i, status := range tenant.MailPlanStatuses {
		works[i] = "p/capabilityStatus eq " + odata(status)
	}
	filter := "accountEnabled eq true and userType eq 'Member' and not(assignedPlans/any(p:p/service eq " +
		odata(tenant.ExchangeService) + " and (" + strings.Join(works, " or ") + ")))"
	var page struct {
		Count int    `json:"@odata.count"`
		Value []user `json:"value"`
	}
	q := call{
		doing:    "looking for users without an Exchange plan",
		access:   accessWithoutMailbox,
		method:   http.MethodGet,
		eventual: true,
		path: "/users" + query(
			"$select",
			"id,userPrincipalName,mail,proxyAddresses",
			"$count",
			"true",
			"$top",
			"999",
			"$filter",
			url.QueryEscape(filter),
		),
	}
	if err := c.do(ctx, q, &page); err != nil {
		return tenant.Mailless{}, err
	}
	found := tenant.Mailless{Total: max(page.Count, len(page.Value)), People: []tenant.MaillessPerson{}}
	for _, u := range page.Value {
		one := tenant.MaillessPerson{UPN: u.UPN, Addresses: []string{u.UPN}}
		if u.Mail != "" {
			one.Addresses = append(one.Addresses, u.Mail)
		}
		for _, p := range u.ProxyAddresses {
			if kind, address, ok := strings.Cut(p, ":"); ok && strings.EqualFold(kind, "smtp") {
				one.Addresses = append(one.Addresses, address)
			}
		}
		found.People = append(found.People, one)
	}
	return found, nil
}

var accessUserConsent = access(
	"UserConsent",
	tenant.Same("what people may consent to for themselves", "Policy.Read.All"),
)

// UserConsent reads by which app consent policies people may consent for themselves.
//
// https://learn.microsoft.com/graph/api/authorizationpolicy-get
// https://learn.microsoft.com/entra/identity/enterprise-apps/configure-user-consent
func (c *Client) UserConsent(ctx context.Context) (tenant.UserConsent, error) {
	var policy struct {
		Defaults *struct {
			Assigned []string `json:"permissionGrantPoliciesAssigned"`
		} `json:"defaultUserRolePermissions"`
	}
	q := call{
		doing:  "reading what people may consent to",
		access: accessUserConsent,
		method: http.MethodGet,
		path:   "/policies/authorizationPolicy",
	}
	if err := c.do(ctx, q, &policy); err != nil {
		return tenant.UserConsent{}, err
	}
	if policy.Defaults == nil {
		return tenant.UserConsent{}, fmt.Errorf("%s: Graph's answer has no permissions of people", q.doing)
	}
	own := tenant.UserConsent{Policies: []string{}}
	for _, assigned := range policy.Defaults.Assigned {
		const self = "managepermissiongrantsforself."
		if len(assigned) > len(self) && strings.EqualFold(assigned[:len(self)], self) {
			own.Policies = append(own.Policies, assigned[len(self):])
		}
	}
	return own, nil
}
