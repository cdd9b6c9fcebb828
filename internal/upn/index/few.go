package index

import (
	"sync/atomic"

	"github.com/zo365/zo365/internal/distance"
	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// Sides read everybody of both sides, as often as they are called, and return those whom keep
// wants; keep may be called in several goroutines at a time. Zoom is nil where it cannot be
// read as a whole.
type Sides struct {
	Microsoft func(keep func(*export.Person) bool) (people []tenant.User, unread upn.Unknowns, err error)
	Zoom      func(keep func(*export.Account) bool) ([]tenant.ZoomUser, error)
}

// Few are a few people who were asked for, with whom their results depend on.
type Few struct {
	*Comparison
	// People are those of Microsoft, whole. Zoom are those of Zoom.
	People []tenant.User
	Zoom   map[upn.Address]tenant.ZoomUser
}

// CompareFew says of a few addresses what a comparison of everybody says, without comparing
// everybody: each side is read once, and the Microsoft side a second time where it matters
// who else leads to somebody with nearly the same address.
func CompareFew(asked []string, sides Sides) (*Few, error) {
	first := wanted{}
	for _, email := range asked {
		first.ask(email)
	}
	people, unread, err := sides.Microsoft(first.person)
	if err != nil {
		return nil, err
	}
	found := &Few{People: people, Zoom: map[upn.Address]tenant.ZoomUser{}}
	found.compare(asked, nil, &first, unread)
	if sides.Zoom == nil {
		return found, nil
	}
	second := found.rivals(asked, &first)
	zoomUsers, err := sides.Zoom(func(a *export.Account) bool { return second.address(a.Email) })
	if err != nil {
		return nil, err
	}
	names := map[upn.Address]bool{}
	for _, u := range people {
		names[upn.Normal(u.UPN)] = true
	}
	third := wanted{}
	for _, z := range zoomUsers {
		key := upn.Normal(z.Email)
		if first, twice := found.Zoom[key]; twice {
			z = upn.SameUser(first, z)
		}
		found.Zoom[key] = z
		if !names[key] && !first.keys.all[string(key)] { // they may lead to somebody else
			third.keys.add(string(key))
			third.locals.add(key.Local())
		}
	}
	if len(third.keys.all) > 0 {
		more, _, err := sides.Microsoft(func(p *export.Person) bool { return third.person(p) && !first.person(p) })
		if err != nil {
			return nil, err
		}
		found.People = append(found.People, more...)
	}
	found.compare(asked, zoomUsers, &first, unread)
	return found, nil
}

func (f *Few) compare(asked []string, zoomUsers []tenant.ZoomUser, all *wanted, unread upn.Unknowns) {
	m := Matcher{Unread: unread, several: true}
	for _, z := range zoomUsers {
		m.AddZoom(z.Email, z.Status)
	}
	for _, email := range asked {
		if _, there := f.Zoom[upn.Normal(email)]; !there {
			m.AddZoom(email, "")
			m.asked++
		}
	}
	for _, u := range f.People {
		m.AddMicrosoft(u)
	}
	f.Comparison = m.Compare(nil)
	for domain, seen := range all.domains {
		if seen.Load() {
			f.bearing[domain] = true
		}
	}
}

// rivals are the Zoom users on whom the results depend: who has the UPN of somebody found, and
// who may lead to somebody with nearly the same address.
func (f *Few) rivals(asked []string, first *wanted) *wanted {
	all := &wanted{}
	near := false
	for _, email := range asked {
		all.keys.add(string(upn.Normal(email)))
		r, _ := f.Find(email)
		if r.Entra != nil {
			all.keys.add(string(upn.Normal(r.Entra.UPN)))
			all.keys.add(string(upn.Normal(upn.HomeAddress(r.Entra.UPN))))
			for _, u := range f.People {
				if upn.Normal(u.UPN) == upn.Normal(r.Entra.UPN) {
					for _, address := range append([]string{u.Mail}, u.Proxies...) {
						all.keys.add(string(upn.Normal(address)))
					}
				}
			}
		}
		near = near || r.Class == upn.Typo || r.Class == upn.Missing || r.Class == upn.Unresolved
	}
	if !near {
		return all
	}
	for _, u := range f.People {
		name := upn.Normal(u.UPN)
		if !first.isNear([]byte(name.Local()), name.Domain()) {
			continue
		}
		all.locals.add(name.Local())
		for _, address := range append([]string{u.UPN, u.Mail}, u.Proxies...) {
			if key := upn.Normal(address); key != "" {
				all.keys.add(string(key))
			}
		}
	}
	return all
}

// wanted says who matters: by an address, by the local part of the UPN, or by one that is
// nearly it.
type wanted struct {
	keys, locals words
	near         []named
	letters      []uint64 // of each of near
	// domains are those of the keys, and whether anybody's UPN is in them.
	domains map[string]*atomic.Bool
}

// words are a set; most texts are told by their length alone to be none of it.
type words struct {
	all     map[string]bool
	lengths [128]bool
}

func (w *words) add(text string) {
	if w.all == nil {
		w.all = map[string]bool{}
	}
	w.all[text] = true
	w.lengths[len(text)%len(w.lengths)] = true
}

func (w *words) has(text []byte) bool {
	return w.lengths[len(text)%len(w.lengths)] && w.all[string(text)]
}

func (w *wanted) ask(email string) {
	key := upn.Normal(email)
	w.keys.add(string(key))
	if key.Complete() {
		w.locals.add(key.Local())
		if w.domains == nil {
			w.domains = map[string]*atomic.Bool{}
		}
		w.domains[key.Domain()] = &atomic.Bool{}
	}
	if n, ok := sought(0, []byte(key)); ok {
		w.near = append(w.near, n)
		w.letters = append(w.letters, lettersOf([]byte(n.local)))
	}
}

// address says whether a Zoom email matters.
func (w *wanted) address(email []byte) bool {
	var room [128]byte
	key := appendKey(room[:0], email)
	if w.keys.has(key) {
		return true
	}
	local, ok := localOf(key)
	return ok && w.locals.has(local)
}

// person says whether somebody of Microsoft matters.
func (w *wanted) person(p *export.Person) bool {
	var room [128]byte
	name := p.UPN
	if p.Deleted {
		name = name[len(name)-len(upn.LiveUPN(view(name))):]
	}
	key := appendKey(room[:0], name)
	local, complete := localOf(key)
	if complete && !p.Deleted && !upn.IsGuest(view(p.UPN)) {
		if bears := w.domains[view(key[len(local)+1:])]; bears != nil {
			bears.Store(true)
		}
	}
	if w.keys.has(key) {
		return true
	}
	if complete && (w.locals.has(local) || w.isNear(local, view(key[len(local)+1:]))) {
		return true
	}
	if upn.IsGuest(view(p.UPN)) && w.keys.has([]byte(upn.Normal(upn.HomeAddress(view(name))))) {
		return true
	}
	if w.keys.has(appendKey(room[:0], p.Mail)) {
		return true
	}
	for _, address := range p.Proxies {
		if w.keys.has(appendKey(room[:0], address)) {
			return true
		}
	}
	return false
}

func (w *wanted) isNear(local []byte, domain string) bool {
	for i, n := range w.near {
		// A slip puts one letter in, takes one out, or both.
		if len(local) <= maxLocal && n.domain == domain &&
			differences(w.letters[i], lettersOf(local)) <= 2*maxTypo &&
			distance.Of(n.local, string(local), maxTypo) <= maxTypo {
			return true
		}
	}
	return false
}
