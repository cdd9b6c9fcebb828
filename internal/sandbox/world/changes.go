package world

// Changed notes that a person of the tenant changed, for the delta query.
func (w *World) Changed(u *User) {
	w.Version++
	w.Changes = append(w.Changes, userChange{w.Version, u})
}

// userChange is a change of a person; the version counts all changes.
type userChange struct {
	Version int
	User    *User
}
