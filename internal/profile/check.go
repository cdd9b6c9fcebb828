package profile

import "fmt"

// Severity of a problem: a refused combination or one that works but should
// not be kept.
type Severity string

// The severities.
const (
	Refused Severity = "error"
	Warned  Severity = "warning"
)

// Problem is a combination of settings that the integration does not take, or
// that is about to stop working.
type Problem struct {
	Severity Severity
	// Group is the group's name, or empty for the account.
	Group string
	// Field is the key to change, in the file's words.
	Field string
	// Value is the value that the scope has, its own or inherited.
	Value   string
	Message string
}

// EWSBlocked and EWSGone are when Exchange Online begins to switch Exchange Web Services
// off, tenant by tenant, and when it begins to do so for good (Microsoft's announcements of
// February and June 2026, MC1227454). Exchange on premises is not affected.
const (
	EWSBlocked = "2026-10-01"
	EWSGone    = "2027-04-01"
)

// Check looks for combinations of settings that Zoom refuses or that are about
// to end. The account comes first, then the groups in the file's order.
func Check(f File) []Problem {
	account, _ := f.Effective("")
	problems := append(checkScope("", account), checkMailboxScope("", scopeKey, f.Account.MailboxScope)...)
	for _, g := range f.Groups {
		problems = append(problems, checkMailboxScope(g.Name, scopeKey, g.MailboxScope)...)
		effective := g.over(account)
		problems = append(problems, onlyNew(checkScope(g.Name, effective), problems)...)
	}
	problems = append(problems, checkMailboxScope("", "rooms."+scopeKey, f.Rooms.MailboxScope)...)
	return problems
}

// checkScope applies the article's rules to one scope: application permissions
// exist for Office 365 with Microsoft Graph only.
func checkScope(group string, e Effective) []Problem {
	var found []Problem
	if e.SetupBy == Admin && e.DefaultService != Office365 {
		found = append(found, Problem{
			Severity: Refused,
			Group:    group,
			Field:    "default_service",
			Value:    string(e.DefaultService),
			Message:  "setup_by: admin needs default_service: office365",
		})
	}
	if e.SetupBy == Admin && e.AuthorizeWith != Graph {
		found = append(found, Problem{
			Severity: Refused,
			Group:    group,
			Field:    "authorize_with",
			Value:    string(e.AuthorizeWith),
			Message:  "setup_by: admin needs authorize_with: graph",
		})
	}
	if e.Enabled && e.AuthorizeWith == EWS && e.DefaultService != Exchange { // which is on premises
		found = append(found, Problem{
			Severity: Warned,
			Group:    group,
			Field:    "authorize_with",
			Value:    string(EWS),
			Message: fmt.Sprintf(
				"Exchange Online is switching Exchange Web Services off since %s, for good starting %s; use authorize_with: graph",
				EWSBlocked,
				EWSGone,
			),
		})
	}
	return found
}

// onlyNew drops what a group merely inherits from the account.
func onlyNew(group, account []Problem) []Problem {
	var fresh []Problem
	for _, p := range group {
		inherited := false
		for _, a := range account {
			if a.Group == "" && a.Field == p.Field && a.Value == p.Value && a.Message == p.Message {
				inherited = true
			}
		}
		if !inherited {
			fresh = append(fresh, p)
		}
	}
	return fresh
}
