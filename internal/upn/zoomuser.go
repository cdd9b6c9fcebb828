package upn

import "github.com/zo365/zo365/internal/tenant"

// SameUser is a Zoom user whom two entries name: the first of them, without what the entries
// do not agree on. Several exports may be of different days.
func SameUser(a, b tenant.ZoomUser) tenant.ZoomUser {
	if known(a.Status) != known(b.Status) {
		a.Status = Unclear
	}
	return a
}

// Unclear is the status of a Zoom user that is not known, although something is said of it.
const Unclear = "unclear"

// known is a status as an export means it that has none: active.
func known(status string) string {
	if status == "inactive" || status == "pending" || status == Unclear {
		return status
	}
	return "active"
}
