package render

import (
	"bytes"
	_ "embed"
	"strings"
	"text/template"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/shell"
	"github.com/zo365/zo365/internal/tenant"
)

//go:embed script.ps1
var scriptText string

var scriptTemplate = template.Must(template.New("script").Parse(scriptText))

// Script is a plan for Exchange Online as an administrator reads and runs it.
type Script struct {
	Plan plan.Plan
	// App is Zoom's application with its name.
	App  tenant.Application
	Name string
	// In and Out are mailboxes to test, by UPN.
	In, Out []string
	// Inventory reads only.
	Inventory bool
}

// PowerShell is the script in UTF-8 with a mark, without which Windows PowerShell 5.1 takes it
// for its own code page, and with line ends as on Windows. Every value is one literal in quotes.
//
// https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_character_encoding
func (s Script) PowerShell() ([]byte, error) {
	// No name stands in the comment: a name can end one.
	synopsis := "Narrows Zoom's application to the mailboxes that the tenant file wants."
	if s.Inventory {
		synopsis = "Reads what Exchange Online knows of Zoom's application. Changes nothing."
	}
	data := map[string]any{
		"Synopsis":    synopsis,
		"Tenant":      shell.PowerShell(s.Plan.Target.Tenant),
		"AppID":       shell.PowerShell(s.App.AppID),
		"PrincipalID": shell.PowerShell(s.App.PrincipalID),
	}
	var lines, removes, tests []string
	if !s.Inventory {
		lines, removes = s.lines()
		for _, upn := range s.In {
			tests = append(tests, command("Test-Zo365Mailbox", "App", s.App.PrincipalID, "Mailbox", upn, "Expected", "in"))
		}
		for _, upn := range s.Out {
			tests = append(tests, command("Test-Zo365Mailbox", "App", s.App.PrincipalID, "Mailbox", upn, "Expected", "out"))
		}
	}
	data["Lines"], data["Removes"], data["Tests"] = lines, removes, tests
	var out bytes.Buffer
	if err := scriptTemplate.Execute(&out, data); err != nil {
		return nil, err
	}
	text := strings.ReplaceAll(out.String(), "\n", "\r\n")
	return append([]byte(shell.ByteOrder), text...), nil
}

// command is a line of the script: each value a literal.
func command(name string, pairs ...string) string {
	var b strings.Builder
	b.WriteString(name)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			b.WriteString(" -" + pairs[i] + " " + shell.PowerShell(pairs[i+1]))
		}
	}
	return b.String()
}

// lines are the plan's steps as calls of the script's functions.
func (s Script) lines() (adds, removes []string) {
	adds = append(adds, command(
		"Add-Zo365Pointer", "AppId", s.App.AppID, "ObjectId", s.App.PrincipalID, "DisplayName", s.Name,
	))
	for _, step := range s.Plan.Steps {
		switch doctor.Action(step.Action) {
		case doctor.CreateScope:
			adds = append(adds, command("Add-Zo365Scope", "Name", step.Target, "Filter", step.Role.Filter))
		case doctor.AssignRole:
			adds = append(adds, s.role(*step.Role))
		case doctor.RemoveRole:
			removes = append(removes, s.unrole(*step.Role))
		case doctor.RevokePermission:
			removes = append(removes, command("Remove-Zo365Grant",
				"Permission", step.Target, "PrincipalId", s.App.PrincipalID, "ApiAppId", step.Permission.Resource,
				"AppRoleId", step.Permission.Role))
		case doctor.RemovePolicy:
			removes = append(removes, command("Remove-Zo365Policy", "Identity", step.Object))
		default: // nothing for Exchange
		}
	}
	return adds, removes
}

func (s Script) role(r tenant.ExchangeRole) string {
	name := RoleName(r)
	switch r.Kind {
	case tenant.ScopeGroup:
		return command("Add-Zo365Role", "Name", name, "Role", r.Role, "App", s.App.PrincipalID, "Group", r.ScopeID)
	case tenant.ScopeUnit:
		return command("Add-Zo365Role", "Name", name, "Role", r.Role, "App", s.App.PrincipalID, "Unit", r.ScopeID)
	case tenant.ScopeFilter, tenant.ScopeUser, tenant.ScopeOther:
	}
	return command("Add-Zo365Role", "Name", name, "Role", r.Role, "App", s.App.PrincipalID, "Scope", r.Scope)
}

// RoleName names an assignment: the same role in the same scope has the same name, within the 64
// letters that Exchange takes.
//
// https://learn.microsoft.com/powershell/module/exchange/new-managementroleassignment
func RoleName(r tenant.ExchangeRole) string {
	key := r.ScopeID
	if r.Kind == tenant.ScopeFilter {
		key = r.Filter
	}
	scope := strings.TrimPrefix(doctor.FilterScopeName(string(r.Kind)+" "+key), "zo365 Zoom ")
	return "zo365 " + r.Role + " " + scope
}

// unrole takes a role away by its scope as Exchange's cmdlets show it.
func (s Script) unrole(r tenant.ExchangeRole) string {
	kind, scope := "Organization", ""
	switch r.Kind {
	case tenant.ScopeGroup:
		kind, scope = "GroupScope", r.ScopeID
	case tenant.ScopeUnit:
		kind, scope = "AdministrativeUnit", r.ScopeID
	case tenant.ScopeFilter, tenant.ScopeOther:
		kind, scope = "CustomRecipientScope", r.Scope
	case tenant.ScopeUser:
		kind, scope = "User", r.ScopeID
	}
	return command("Remove-Zo365Role", "Role", r.Role, "App", s.App.PrincipalID, "ScopeType", kind, "Scope", scope)
}
