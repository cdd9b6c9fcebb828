package export

import (
	"fmt"
	"strings"
)

// Field is what a column says of a person.
type Field int

// The fields of a Microsoft export.
const (
	UPN Field = iota
	Mail
	ID
	Aliases
	Enabled
	Blocked // the opposite of Enabled
	Type
	Synced
	Deleted
	MailPlan
	Name
	Recipient // what kind of mailbox
	Object    // what kind of object of Active Directory
	Plans     // assigned plans, in JSON only
	microsoftFields
)

// The fields of a Zoom export.
const (
	Email Field = iota
	ZoomID
	Status
	License
	ZoomName
	FirstName
	LastName
	Groups // in JSON only
	Active // SCIM's form of Status
	zoomFields
)

// microsoftColumns are the names of the columns in normal form, the better ones first.
//
// The Entra portal's download: https://learn.microsoft.com/entra/identity/users/users-bulk-download,
// its newer form: https://github.com/MicrosoftDocs/azure-docs/issues/108136; the Microsoft 365
// admin center's export, read off a published file; Get-MgUser, Get-EntraUser, az ad user list
// and m365 entra user list: Graph's property names,
// https://learn.microsoft.com/graph/api/resources/user; Get-Mailbox:
// https://learn.microsoft.com/powershell/module/exchange/get-mailbox; Get-ADUser:
// https://learn.microsoft.com/powershell/module/activedirectory/get-aduser; SCIM:
// https://datatracker.ietf.org/doc/html/rfc7643#section-4.1
var microsoftColumns = [][]string{
	UPN:       {"userprincipalname", "username"},
	Mail:      {"mail", "primarysmtpaddress", "emailaddress", "windowsemailaddress", "email"},
	ID:        {"objectid", "externaldirectoryobjectid", "id"},
	Aliases:   {"proxyaddresses", "emailaddresses", "emailaliases", "emails"},
	Enabled:   {"accountenabled", "enabled", "active"},
	Blocked:   {"blockcredential", "blocksignin", "accountdisabled"},
	Type:      {"usertype"},
	Synced:    {"onpremisessyncenabled", "dirsyncenabled", "directorysynced", "isdirsynced"},
	Deleted:   {"softdeletiontimestamp", "deleteddatetime", "whensoftdeleted"},
	MailPlan:  {snapshotMailPlan},
	Name:      {"displayname", "name"},
	Recipient: {"recipienttypedetails"},
	Object:    {"objectclass"},
	Plans:     {"assignedplans"},
}

// snapshotMailPlan is a column of our own snapshots: true, false or empty.
const snapshotMailPlan = "mailplan"

// zoomColumns: Zoom's web export,
// https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0068315, and its API,
// https://developers.zoom.us/docs/api/users/
var zoomColumns = [][]string{
	Email:     {"email", "emailaddress", "useremail", "username"},
	ZoomID:    {"userid", "id"},
	Status:    {"userstatus", "status"},
	License:   {"license", "licenses", "usertype", "licensetype"},
	ZoomName:  {"displayname", "name"},
	FirstName: {"firstname"},
	LastName:  {"lastname"},
	Groups:    {"groupids"},
	Active:    {"active"},
}

// columnName is a header in its normal form: "User principal name", userPrincipalName and
// user_principal_name are one.
func columnName(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, text)
}

// State is how far a column can be relied on.
type State int

// The states. What is not known is unknown for everybody of the file.
const (
	Absent State = iota
	// Empty: the column is there, and nothing stands in it: a cmdlet writes such columns for
	// properties that nobody selected.
	Empty
	NotUnderstood
	Known
)

// Column is a field of a file.
type Column struct {
	// Name is the file's own.
	Name  string
	State State
	// Word is the first one that was not understood.
	Word string
}

// Columns are those of a file, by Field.
type Columns []Column

// Known says whether a field is there and was understood.
func (c Columns) Known(f Field) bool { return int(f) < len(c) && c[f].State == Known }

// seen is what the rows of a block showed of a field.
type seen struct {
	filled, odd int
	word        string
}

func (s *seen) add(o seen) {
	s.filled += o.filled
	s.odd += o.odd
	if s.word == "" {
		s.word = o.word
	}
}

func (s *seen) strange(word []byte) {
	if s.odd++; s.word == "" {
		s.word = begin(word)
	}
}

// state is what a column is after all rows. What a service itself writes may be empty
// throughout; what a cmdlet or a spreadsheet wrote was perhaps not selected.
func (s *seen) state(there, trusted bool) State {
	switch {
	case !there:
		return Absent
	case s.odd > 0:
		return NotUnderstood
	case s.filled == 0 && !trusted:
		return Empty
	}
	return Known
}

// costs are what an unknown field costs, said once.
var microsoftCosts = []struct {
	field Field
	cost  string
	hint  string
}{
	{
		Aliases,
		"aliases are unknown: people whose Zoom email is an alias are shown as \"unresolved\", not \"missing\"",
		"; export them with Select-Object UserPrincipalName,Mail,Id,AccountEnabled,OnPremisesSyncEnabled,@{n='ProxyAddresses';e={$_.ProxyAddresses -join ';'}}",
	},
	{
		Mail,
		"mail addresses are unknown: whoever is found by one is shown as \"alias\", and who is not found as \"unresolved\"",
		"",
	},
	{
		Synced,
		"whether accounts come from an on-premises directory is unknown: nobody has the flag \"synced\", and where a UPN is to be changed has to be asked",
		"",
	},
	{Enabled, "whether accounts are blocked is unknown: nobody has the flag \"disabled\"", ""},
	{Type, "guests are known by #EXT# in their UPN alone", ""},
}

var zoomCosts = []struct {
	field Field
	cost  string
}{
	{Status, "whether the Zoom users of whom it is not said are active or pending is unknown"},
}

func (c Column) words() string {
	switch c.State {
	case Absent, Known:
	case Empty:
		return fmt.Sprintf("the column %q is empty throughout", begin(c.Name))
	case NotUnderstood:
		return fmt.Sprintf("the column %q has words that are not understood, the first is %q", begin(c.Name), c.Word)
	}
	return ""
}

// microsoftNotes say what the columns of a file cost; unknown is the same without the way to
// another export.
func microsoftNotes(c Columns) (notes, unknown []string) {
	var absent []string
	for _, one := range microsoftCosts {
		column := c[one.field]
		if one.field == Enabled && column.State == Absent {
			column = c[Blocked]
		}
		if column.State != Known && (one.field != Type || column.State != Empty) {
			unknown = append(unknown, one.cost)
		}
		switch {
		case column.State == Known, one.field == Type && column.State == Empty:
		case one.field == Aliases && column.State == Absent:
			notes = append(notes, "there is no column of proxy addresses, so "+one.cost+one.hint)
		case column.State == Absent:
			absent = append(absent, one.cost)
		default:
			notes = append(notes, column.words()+", so "+one.cost+one.hint)
		}
	}
	if len(absent) > 0 {
		notes = append(notes, "not every column is there: "+strings.Join(absent, "; "))
	}
	return notes, unknown
}

func zoomNotes(c Columns) (notes, unknown []string) {
	for _, one := range zoomCosts {
		column := c[one.field]
		if one.field == Status && column.State == Absent {
			column = c[Active]
		}
		if column.State != Known {
			unknown = append(unknown, one.cost)
		}
		switch column.State {
		case Known:
		case Absent:
			notes = append(notes, "not every column is there: "+one.cost)
		case Empty, NotUnderstood:
			notes = append(notes, column.words()+", so "+one.cost)
		}
	}
	return notes, unknown
}

// kindOf names a Microsoft dialect by its columns.
func kindOf(has func(string) bool) string {
	switch {
	case has(snapshotMailPlan):
		return "zo365 snapshot"
	case has("blockcredential"):
		return "Microsoft 365 admin center export"
	case has("primarysmtpaddress"), has("recipienttypedetails"):
		return "Exchange mailboxes (Get-Mailbox)"
	case has("distinguishedname"), has("samaccountname"):
		return "Active Directory users (Get-ADUser)"
	case has("directorysynced"), has("identityissuer"):
		return "Entra portal download"
	case has("objectid") && has("givenname"):
		return "Entra portal download (old form)"
	case !has("userprincipalname"):
		return "SCIM users"
	}
	return "Graph properties"
}

// onPremises says whether everybody of a dialect is in an on-premises directory.
func onPremises(kind string) bool { return strings.HasPrefix(kind, "Active Directory") }

// someOnly says whether a dialect lists some of a tenant's people by its nature: those who have
// a mailbox, or who are in a directory on premises.
func someOnly(kind string) bool {
	return onPremises(kind) || strings.HasPrefix(kind, "Exchange mailboxes")
}

// trusted says whether a dialect's empty columns say something: it was written by a program
// that leaves nothing out.
func trusted(kind string) bool {
	return kind == "zo365 snapshot" || kind == "Microsoft 365 admin center export" ||
		strings.HasPrefix(kind, "Entra portal")
}
