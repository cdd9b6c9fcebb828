package index

import (
	"encoding/binary"

	"github.com/zo365/zo365/internal/tenant"
)

// What a person's record says beside UPN and ID.
const (
	isGuest uint16 = 1 << iota
	isDisabled
	isEnabled
	isSynced
	isDeleted
	hasNoMailPlan
	hasMailPlan
	isNotSynced
	isResource
	hasGUID // the ID is a GUID, kept as 16 bytes
)

// appendPerson writes a person as a record: what they are, UPN and ID.
func appendPerson(dst []byte, what uint16, upn, id []byte) []byte {
	guid, ok := parseGUID(id)
	if ok {
		what |= hasGUID
	}
	dst = appendText(binary.LittleEndian.AppendUint16(dst, what), upn)
	if ok {
		return append(dst, guid[:]...)
	}
	return appendText(dst, id)
}

// readPerson is the inverse; the texts stay views of the store and of guid.
func readPerson(record []byte, u *tenant.User, guid *[guidLength]byte) {
	what := whatIs(record)
	upn, rest := cut(record[whatSize:])
	*u = userOf(what)
	u.UPN = view(upn)
	if what&hasGUID != 0 {
		formatGUID(guid, rest)
		u.ID = view(guid[:])
		return
	}
	id, _ := cut(rest)
	u.ID = view(id)
}

// userOf is a person of whom only is known what they are.
func userOf(what uint16) tenant.User {
	return tenant.User{
		Guest: what&isGuest != 0,
		Synced: choice(
			what&isSynced != 0,
			what&isNotSynced != 0,
		),
		Resource: what&isResource != 0,
		Deleted:  what&isDeleted != 0,
		Enabled: choice(
			what&isEnabled != 0,
			what&isDisabled != 0,
		),
		MailPlan: choice(what&hasMailPlan != 0, what&hasNoMailPlan != 0),
	}
}

var isTrue, isFalse = true, false

func choice(yes, no bool) *bool {
	switch {
	case yes:
		return &isTrue
	case no:
		return &isFalse
	}
	return nil
}

// whatIs are a record's marks, whatSize bytes at its start.
func whatIs(record []byte) uint16 { return binary.LittleEndian.Uint16(record) }

const whatSize = 2

func upnOf(record []byte) []byte { upn, _ := cut(record[whatSize:]); return upn }
