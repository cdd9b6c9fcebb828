package workspace

import (
	"context"
	"errors"
	"strings"

	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
)

// establish takes the target from what the services answer, and holds it against what
// the tenant file and --tenant name. talk says it on the first line where they differ.
func (w *Workspace) establish(ctx context.Context, talk bool) {
	f := w.Input.Facts
	var seen tenant.Target
	if f.Organization.Seen() {
		seen.Tenant = strings.ToLower(f.Organization.Value.ID)
	}
	if f.ZoomAccount.Seen() {
		seen.ZoomAccount = f.ZoomAccount.Value.ID
	}
	w.state(seen)
	w.compareWithFile(ctx)
	if talk && w.mismatch != "" {
		w.settings.Say("warning: the sign-in is of another target than the tenant file names: %s", w.mismatch)
	}
}

// state fills the halves that the services did not show with what the file states.
func (w *Workspace) state(seen tenant.Target) {
	t := seen
	t.Cloud, t.ZoomCloud = orGlobal(string(w.File.Microsoft.Cloud)), orGlobal(string(w.File.Zoom.Cloud))
	w.Basis = map[string]tenant.Half{"microsoft": tenant.HalfSeen, "zoom": tenant.HalfSeen}
	if seen.Tenant == "" {
		t.Tenant, w.Basis["microsoft"] = stated(w.File.Microsoft.Tenant)
	}
	if seen.ZoomAccount == "" {
		t.ZoomAccount, w.Basis["zoom"] = stated(w.File.Zoom.AccountID)
	}
	w.Input.Target = t
}

func stated(name string) (string, tenant.Half) {
	if name == "" {
		return "", tenant.HalfUnknown
	}
	return name, tenant.HalfStated
}

func orGlobal(cloud string) string {
	if cloud == "" {
		return "global"
	}
	return cloud
}

// compareWithFile notes where the target is another one than the tenant file names. A
// domain and an ID are compared only after both are resolved.
func (w *Workspace) compareWithFile(ctx context.Context) {
	w.mismatch = ""
	var named tenant.Target
	if w.File.Zoom.AccountID != "" {
		named.ZoomAccount = w.File.Zoom.AccountID
	}
	t := w.Input.Target
	if name := w.File.Microsoft.Tenant; name != "" && t.Tenant != "" && !strings.EqualFold(name, t.Tenant) &&
		!w.hasDomain(name) {
		named.Tenant = name
		if id, err := w.Doors.TenantID(ctx, name); err == nil {
			named.Tenant = id
		}
	}
	w.mismatch = t.Differs(named)
}

// hasDomain says whether the tenant's own list has a domain.
func (w *Workspace) hasDomain(name string) bool {
	for _, d := range w.Input.Facts.Domains.Value {
		if strings.EqualFold(d.Name, name) && d.Verified {
			return true
		}
	}
	return false
}

// MayWrite says why the steps of a plan must not be carried out on this target: the
// services answered for another one than the file or the plan names, or the half that a
// step writes to was not seen.
func (w *Workspace) MayWrite(ctx context.Context, p plan.Plan) error {
	if w.mismatch != "" {
		return &plan.WrongTargetError{Differs: w.mismatch}
	}
	if err := w.SameTarget(ctx, p.Target); err != nil {
		return err
	}
	needs := map[string]bool{}
	for _, s := range p.Steps {
		switch {
		case s.Blocked != nil:
		case s.Kind == string(doctor.Graph), s.Action == string(doctor.RecordConsent):
			needs["microsoft"] = true
		case s.Kind == string(doctor.Zoom):
			needs["zoom"] = true
		case s.Kind == string(doctor.Portal): // the consent is given in Entra, for a Zoom account
			needs["microsoft"], needs["zoom"] = true, true
		}
	}
	f := w.Input.Facts
	if needs["microsoft"] && w.Basis["microsoft"] != tenant.HalfSeen {
		return errNoTarget("Microsoft tenant", orNotRead(f.Organization.Err))
	}
	if needs["zoom"] && w.Basis["zoom"] != tenant.HalfSeen {
		return errNoTarget("Zoom account", orNotRead(f.ZoomAccount.Err))
	}
	return nil
}

// SameTarget says why something that was kept belongs to another target than this
// workspace. A domain and an ID are compared only after both are resolved; offline, where
// neither can be, they are not.
func (w *Workspace) SameTarget(ctx context.Context, of tenant.Target) error {
	is := w.Input.Target
	seen := w.Basis["microsoft"] == tenant.HalfSeen
	if connect.IsID(is.Tenant) != connect.IsID(of.Tenant) && is.Tenant != "" && of.Tenant != "" {
		switch {
		case !seen, w.hasDomain(of.Tenant), w.mismatch == "" && strings.EqualFold(of.Tenant, w.File.Microsoft.Tenant):
			of.Tenant = is.Tenant
		default:
			if id, err := w.Doors.TenantID(ctx, of.Tenant); err == nil {
				of.Tenant = id
			}
		}
	}
	if differs := is.Differs(of); differs != "" {
		return &plan.WrongTargetError{Differs: differs}
	}
	return nil
}

func orNotRead(err error) error {
	if err == nil {
		return errors.New("it was not read")
	}
	return err
}
