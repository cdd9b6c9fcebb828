package world

// Host is where the imitated services are, and what they share: one tenant and one Zoom
// account behind an origin.
type Host struct {
	// Origin is where the service is, for example https://localhost:8443: all have the same
	// one, but where the sandbox bears the real names.
	Origin string
	World  *World
	// Cloud is Microsoft's.
	Cloud MicrosoftCloud
	// AutoApprove approves device codes as the scenario's admin.
	AutoApprove bool

	lists Lists
}
