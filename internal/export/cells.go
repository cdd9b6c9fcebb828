package export

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// begin is a text as a message shows it: not more than a line's worth of what may be a file
// without an end.
func begin[T string | []byte](text T) string {
	const most = 60
	if len(text) <= most {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:most]), "") + "..."
}

// fold compares a cell with a word of small letters.
func fold(cell []byte, word string) bool {
	return len(cell) == len(word) && strings.EqualFold(string(cell), word)
}

var isTrue, isFalse = true, false

// choice is a known answer, without memory of its own.
func choice(yes bool) *bool {
	if yes {
		return &isTrue
	}
	return &isFalse
}

// truth reads a cell that says yes or no; nil is an empty one, or a word that is not known,
// which is noted: it is unknown, never "no".
func truth(cell []byte, s *seen) *bool {
	if len(cell) == 0 {
		return nil
	}
	s.filled++
	switch {
	case fold(cell, "true"), fold(cell, "yes"), string(cell) == "1":
		return &isTrue
	case fold(cell, "false"), fold(cell, "no"), string(cell) == "0":
		return &isFalse
	}
	s.strange(cell)
	return nil
}

func not(b *bool) *bool {
	if b == nil {
		return nil
	}
	return choice(!*b)
}

// isPerson says whether a kind of mailbox is a person's; the others are rooms, equipment,
// shared mailboxes and mailboxes of the system.
//
// https://learn.microsoft.com/powershell/module/exchange/get-recipient
func isPerson(recipient []byte) bool {
	switch strings.ToLower(string(recipient)) {
	case "", "usermailbox", "remoteusermailbox", "linkedmailbox", "mailuser", "guestmailuser", "user", "legacymailbox":
		return true
	}
	return false
}

// isServiceAccount says whether an account is made by a program for itself: a managed service
// account of Active Directory, the account of Entra Connect, a health mailbox of Exchange.
//
// https://learn.microsoft.com/entra/identity/hybrid/connect/reference-connect-accounts-permissions
func isServiceAccount(upn, class []byte) bool {
	if len(class) > 0 &&
		(bytes.Contains(bytes.ToLower(class), []byte("managedserviceaccount")) || fold(class, "computer")) {
		return true
	}
	if len(upn) == 0 || upn[0]|0x20 != 's' && upn[0]|0x20 != 'h' {
		return false
	}
	local, _, _ := bytes.Cut(upn, []byte{'@'})
	low := strings.ToLower(string(local))
	return strings.HasPrefix(low, "sync_") && strings.Count(low, "_") >= 2 ||
		strings.HasPrefix(low, "healthmailbox") && len(low) > len("healthmailbox")
}

// isRoom says whether a Zoom licence is that of a room and nothing else.
func isRoom(license []byte) bool {
	low := strings.ToLower(string(license))
	return strings.HasPrefix(low, "zoom room") && !strings.ContainsAny(low, ",;|")
}

// smtp is the prefix "smtp" as a word; a bit makes its letters small.
const smtp = 's' | 'm'<<8 | 't'<<16 | 'p'<<24

// smtpAddress is a proxy address without its prefix; false for one of another kind.
func smtpAddress(proxy []byte) (address []byte, ok bool) {
	const prefix = 5
	if len(proxy) > prefix && proxy[4] == ':' && binary.LittleEndian.Uint32(proxy)|0x20202020 == smtp {
		return proxy[prefix:], true
	}
	if colon := bytes.IndexByte(proxy, ':'); colon >= 0 && bytes.IndexByte(proxy[:colon], '@') < 0 {
		return proxy[colon+1:], strings.EqualFold(string(proxy[:colon]), "smtp")
	}
	return proxy, true
}

// addresses are the SMTP addresses of a list, without their prefixes. A list without a single
// address, such as the name of a collection's type, is not understood.
func addresses(dst [][]byte, list []byte, mayMix bool, s *seen) [][]byte {
	if len(list) == 0 || string(list) == "{}" || string(list) == "[]" {
		return dst
	}
	s.filled++
	if bytes.IndexByte(list, '@') < 0 {
		if !bytes.Contains(list, []byte{':'}) { // X500:/o=Contoso is a list of one other address
			s.strange(list)
		}
		return dst
	}
	eachProxy(list, mayMix, func(proxy []byte) {
		if address, ok := smtpAddress(proxy); ok {
			dst = append(dst, address)
		}
	})
	return dst
}

// statusOf is Zoom's word for a user's state in our one form; false is a word that is not
// known.
//
// https://developers.zoom.us/docs/api/users/#tag/users/get/users
func statusOf(cell []byte) (status string, known bool) {
	switch {
	case len(cell) == 0:
		return "", true
	case fold(cell, "active"), fold(cell, "true"):
		return "active", true
	case fold(cell, "inactive"), fold(cell, "deactivated"), fold(cell, "false"):
		return "inactive", true
	case fold(cell, "pending"), fold(cell, "invited"):
		return "pending", true
	}
	return "", false
}
