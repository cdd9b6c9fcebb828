package export

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/tenant"
)

// dialects are the samples of docs/examples, in the order of docs/exports.md. how says where
// a file comes from.
var dialects = []struct {
	file, how string
	zoom      bool
	people    int
}{
	{file: "entra-download-users-new.csv", how: "Entra admin center, Download users", people: 3},
	{file: "entra-download-users.csv", how: "the same, as it was", people: 9},
	{file: "m365-admin-center.csv", how: "Microsoft 365 admin center, Export users", people: 9},
	{file: "get-mguser.csv", how: "`Get-MgUser \\| Export-Csv`", people: 9},
	{file: "get-mguser.json", how: "`Get-MgUser \\| ConvertTo-Json`", people: 3},
	{file: "get-mgbetauser.csv", how: "`Get-MgBetaUser`, addresses joined", people: 3},
	{file: "get-entrauser.csv", how: "`Get-EntraUser`", people: 3},
	{file: "az-ad-user.json", how: "`az ad user list`", people: 3},
	{file: "m365-cli-users.json", how: "`m365 entra user list`", people: 3},
	{file: "get-mailbox.csv", how: "`Get-Mailbox`, `Get-EXOMailbox`", people: 3},
	{file: "get-aduser.csv", how: "`Get-ADUser -Properties mail,proxyAddresses`", people: 3},
	{file: "scim-users.json", how: "a SCIM list", people: 3},
	{file: "graph-users.json", how: "a page of Microsoft Graph", people: 9},
	{file: "graph-pages.json", how: "several pages of Microsoft Graph", people: 3},
	{file: "graph-users.ndjson", how: "a person a line", people: 3},
	{
		file:   "zoom-users.csv",
		how:    "Zoom's portal, Export",
		zoom:   true,
		people: 9,
	},
	{
		file:   "zoom-users.json",
		how:    "a page of Zoom's API",
		zoom:   true,
		people: 9,
	},
	{
		file:   "zoom-pages.json",
		how:    "several pages of Zoom's API",
		zoom:   true,
		people: 3,
	},
	{
		file:   "zoom-scim.json",
		how:    "Zoom's SCIM list",
		zoom:   true,
		people: 3,
	},
}

var (
	microsoftWords = map[Field]string{
		UPN:       "UPN",
		Mail:      "mail",
		ID:        "ID",
		Aliases:   "aliases",
		Enabled:   "enabled",
		Blocked:   "enabled",
		Type:      "guest",
		Synced:    "synced",
		Recipient: "kind of mailbox",
		Plans:     "mail plan",
	}
	zoomWords = map[Field]string{
		Email:     "email",
		ZoomID:    "ID",
		Status:    "status",
		Active:    "status",
		License:   "rooms",
		ZoomName:  "name",
		FirstName: "name",
		LastName:  "name",
	}
	// costly are the fields whose absence the table names.
	costlyMicrosoft = []string{"mail", "aliases", "enabled", "synced", "guest"}
	costlyZoom      = []string{"status"}
)

// TestDialects reads each sample and holds the table of docs/exports.md against what was read.
func TestDialects(t *testing.T) {
	doc, err := os.ReadFile("../../docs/exports.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dialects {
		t.Run(d.file, func(t *testing.T) {
			f, err := os.Open(filepath.Join("../../docs/examples", d.file))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			people := 0
			var e Export
			words, costly := microsoftWords, costlyMicrosoft
			if d.zoom {
				words, costly = zoomWords, costlyZoom
				e, err = EachZoom(d.file, f, Options{Strict: true}, func(tenant.ZoomUser) { people++ })
			} else {
				e, err = EachMicrosoft(d.file, f, Options{Strict: true}, func(u tenant.User) {
					if !u.Resource {
						people++
					}
				})
			}
			if err != nil || people != d.people || e.People != d.people {
				t.Fatalf("%d people, %+v, %v", people, e, err)
			}
			var read []string
			for field, word := range words {
				if e.Columns.Known(field) {
					read = append(read, word)
				}
			}
			slices.Sort(read)
			read = slices.Compact(read)
			unknown := slices.DeleteFunc(slices.Clone(costly), func(w string) bool { return slices.Contains(read, w) })
			row := fmt.Sprintf("| [%s](examples/%s) | %s | %s | %s | %s |", d.file, d.file, d.how, e.Kind,
				strings.Join(read, ", "), dash(unknown))
			if !strings.Contains(string(doc), row+"\n") {
				t.Errorf("docs/exports.md lacks:\n%s", row)
			}
		})
	}
}

func dash(words []string) string {
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, ", ")
}

// TestEverySampleIsADialect: a sample that nobody reads is none.
func TestEverySampleIsADialect(t *testing.T) {
	all, err := os.ReadDir("../../docs/examples")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		known := one.Name() == "README.md"
		for _, d := range dialects {
			known = known || d.file == one.Name()
		}
		if !known {
			t.Errorf("%s is in no row", one.Name())
		}
	}
}
