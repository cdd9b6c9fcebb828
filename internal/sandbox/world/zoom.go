package world

var zoomRoleIDs = map[string]string{"Owner": "0", "Admin": "1", "Member": "2"}
