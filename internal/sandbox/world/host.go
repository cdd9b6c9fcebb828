package world

// Host is where the imitated services are, and what they share: one tenant and one Zoom
// account behind an origin.
type Host struct {
	// Origin is where everything is served, for example https://localhost:8443.
	Origin string
	World  *World
	// AutoApprove approves device codes as the scenario's admin.
	AutoApprove bool

	lists Lists
}
