package upn

import "github.com/zo365/zo365/internal/tenant"

// SameUser is a Zoom user whom two entries name: the first of them, without what the entries
// do not agree on. Several exports may be of different days.
func SameUser(a, b tenant.ZoomUser) tenant.ZoomUser {
	if known(a.Status) != known(b.Status) {
		a.Status = tenant.UnclearStatus
	}
	return a
}

// known is a status as an export means it that has none: active.
func known(status string) string {
	if status == "inactive" || status == "pending" || status == tenant.UnclearStatus {
		return status
	}
	return "active"
}
