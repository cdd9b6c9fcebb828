package index

// The rules by which a person is found, the first that finds anybody decides.
const (
	byUPN uint8 = iota + 1
	byMail
	byProxy
	byLocal
	byDeleted
	byNearness
)

// hit is a person found for a Zoom user by a rule.
type hit struct {
	zoom, person uint32
	rule         uint8
	guest        bool
}

type rival struct {
	rule   uint8
	person uint32
}

// found is who was found: the rule, whether there are several people, whether
// the person is a guest, whether they match somebody else, and the person. Zero is nobody.
type found uint64

const (
	several    found = 1 << 39
	guestFound found = 1 << 38
	takenFound found = 1 << 37
	ruleShift        = 40
)

func (h hit) found(person uint32) found {
	f := found(h.rule)<<ruleShift | found(person)
	if h.guest {
		f |= guestFound
	}
	return f
}

func (f found) rule() uint8    { return uint8(f >> ruleShift) }
func (f found) person() uint32 { return uint32(f) }

// class is the place in Classes.
func (f found) class() uint8 {
	switch {
	case f == 0:
		return isMissing
	case f&several != 0:
		return isAmbiguous
	case f&guestFound != 0 && f.rule() <= byProxy:
		return isGuestClass
	case f&takenFound != 0:
		return isTakenClass
	}
	return [...]uint8{
		byUPN:      isMatch,
		byMail:     isMail,
		byProxy:    isAlias,
		byLocal:    isDomain,
		byDeleted:  isDeletedClass,
		byNearness: isTypo,
	}[f.rule()]
}
