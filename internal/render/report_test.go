package render

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// bigReport has many people, and some whose names are an attack on the page.
func bigReport(n int) Listing {
	r := Report{
		Made:   time.Date(2026, 11, 27, 8, 30, 0, 0, time.UTC),
		Tenant: "contoso.onmicrosoft.com",
		Sources: []Source{
			{
				Side:     "Zoom",
				Name:     "zoom_users.csv",
				Kind:     "Zoom user export",
				Dated:    time.Date(2026, 11, 26, 15, 0, 0, 0, time.UTC),
				SHA256:   strings.Repeat("9f86d081", 8),
				Rows:     n + 3,
				People:   n,
				Apart:    2,
				Rejected: 1,
			},
			{
				Side:   "Microsoft",
				Name:   "users.csv",
				Kind:   "Entra portal download",
				Dated:  time.Date(2026, 11, 26, 15, 5, 0, 0, time.UTC),
				SHA256: strings.Repeat("60303ae2", 8),
				Rows:   n,
				People: n,
				Unknown: []string{
					`aliases are unknown: people whose Zoom email is an alias are shown as "unresolved", not "missing"`,
				},
			},
		},
		Summary: map[string]int{"match": n - n/10 - 2, "mail": n / 10, "missing": 2},
		Domains: []DomainCount{{"a-very-long-name-of-a-domain.contoso.example", n / 10, n}, {"b.example", 1, 5}},
	}
	var people handful
	for i := range n - 2 {
		email := fmt.Sprintf("person%06d@contoso.com", n-i)
		one := upn.Result{ZoomEmail: email, Class: upn.Match, Entra: &tenant.User{UPN: email, ID: fmt.Sprint(i)}}
		if i%10 == 0 {
			one.Class, one.Flags = upn.Mail, []upn.Flag{upn.Synced}
		}
		people = append(people, one)
	}
	people = append(
		people,
		upn.Result{
			ZoomEmail: strings.Repeat("İ", 100) + `</script><script>document.title="attacked"</script>@x.example`,
			Class:     upn.Missing,
		},
		upn.Result{ZoomEmail: `<img src=x onerror='document.title="attacked"'>@x.example`, Class: upn.Missing},
	)
	return ComparedListing(Compared{Report: r, Everybody: people, Wants: everybody})
}

func TestTheReportPageNeedsNothingElse(t *testing.T) {
	var text bytes.Buffer
	if err := Write(&text, HTML, bigReport(100)); err != nil {
		t.Fatal(err)
	}
	addresses := regexp.MustCompile(`(?:src|href|url)\s*[=(]\s*["']?[a-z]+:[^\s"')]+`)
	for _, address := range addresses.FindAllString(text.String(), -1) {
		t.Errorf("the page refers to %s", address)
	}
	if strings.Count(text.String(), "</script>") != strings.Count(text.String(), "<script") ||
		strings.Contains(text.String(), "attacked") {
		t.Error("a cell can end the script")
	}
}

// The page in a real Chromium, with a hundred thousand rows: search, class,
// sorting, pages, the keyboard, what a screen reader is told, dark and light.
func TestTheReportInABrowser(t *testing.T) {
	const people = 100000
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(file, HTML, bigReport(people)); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	tab := browser(t)
	ctx, cancelLimit := context.WithTimeout(tab, 90*time.Second)
	defer cancelLimit()
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
	}
	is := func(script, want string) {
		t.Helper()
		got := ""
		for range 300 { // the search waits for the typing to end
			if got, err = chromedp.Run(ctx, chromedp.Evaluate[string]("String("+script+")")); err == nil && got == want {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("%s is %q, %v; want %q", script, got, err, want)
	}
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	const status, first = `document.querySelector("#status").textContent`, `document.querySelector("tbody th").textContent`

	do(chromedp.Navigate("file://" + file.Name()))
	is(status, "100000 of 100000 people")
	is(`document.title`, "UPN report: 100000 Zoom users")
	is(`document.querySelectorAll("tbody tr").length`, "100")
	is(`document.querySelector("#page").textContent`, "Page 1 of 1000")
	// Who does not match comes first; nobody reads GUIDs; an address breaks at @ and dots.
	is(`[...document.querySelectorAll("tbody .class")].every((c) => c.textContent === "mail")`, "true")
	is(`document.querySelector("#head").textContent.includes("id")`, "false")
	is(`document.querySelector("tbody th").innerHTML`,
		`<span class="a">person100000@</span><wbr><span class="a">contoso</span><wbr><span class="a">.com</span>`)
	shoot(ctx, t, "30-report-light")

	do(chromedp.SendKeys(css("#search"), "PERSON000042"))
	is(status, "1 of 100000 people")
	is(first, "person000042@contoso.com")
	do(chromedp.SendKeys(css("#search"), strings.Repeat("\b", len("PERSON000042"))))
	is(status, "100000 of 100000 people")
	// Small letters of which there are more than there were large ones move nobody.
	do(chromedp.SendKeys(css("#search"), "ONERROR"))
	is(status, "1 of 100000 people")
	is(first+`.includes("onerror")`, "true")
	do(chromedp.SendKeys(css("#search"), strings.Repeat("\b", len("ONERROR"))))
	is(status, "100000 of 100000 people")
	do(chromedp.SetValue(css("#class"), "mail"))
	if _, err := chromedp.Run(
		ctx,
		chromedp.Evaluate[bool](`document.querySelector("#class").dispatchEvent(new Event("change"))`),
	); err != nil {
		t.Fatal(err)
	}
	is(status, "10000 of 100000 people")

	// By the keyboard: the column's button and the pager are reached and pressed.
	do(chromedp.Focus(css("thead th:first-child button")), chromedp.KeyEvent("\r"))
	is(`document.querySelector("thead th").getAttribute("aria-sort")`, "ascending")
	do(chromedp.Focus(css("thead th:first-child button")), chromedp.KeyEvent("\r"))
	is(`document.querySelector("thead th").getAttribute("aria-sort")`, "descending")
	is(first, "person100000@contoso.com")
	do(chromedp.Focus(css("#next")), chromedp.KeyEvent(" "))
	is(`document.querySelector("#page").textContent`, "Page 2 of 100")
	do(chromedp.Click(css("#last")))
	is(`document.querySelector("#next").disabled`, "true")

	// What a screen reader is told.
	is(
		`document.querySelectorAll("th[scope=col]").length + " " + document.querySelector("[role=status]").getAttribute("aria-live")`,
		"7 polite",
	)
	is(
		`[...document.querySelectorAll("svg")].every((s) => s.getAttribute("role") === "img" && s.querySelector("desc").textContent.length > 10)`,
		"true",
	)
	is(
		`[...document.querySelectorAll("input,select")].every((i) => document.querySelector("label[for=" + i.id + "]"))`,
		"true",
	)

	// On a phone the remedy is in sight, and nothing is wider than the screen.
	do(chromedp.SetValue(css("#class"), ""), chromedp.Reload())
	is(status, "100000 of 100000 people")
	for _, width := range []int64{1280, 800, 400} {
		do(chromedp.EmulateViewport(width, 900))
		is(`document.documentElement.scrollWidth <= innerWidth`, "true")
		for _, scheme := range []string{"light", "dark"} {
			if _, err := chromedp.Run(ctx, chromedp.Evaluate[string](
				`document.documentElement.style.colorScheme = "`+scheme+`"`)); err != nil {
				t.Fatal(err)
			}
			shoot(ctx, t, fmt.Sprintf("31-report-%d-%s", width, scheme))
		}
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(scrollTo(0, 1e6), true)`)); err != nil {
			t.Fatal(err)
		}
		shoot(ctx, t, fmt.Sprintf("32-report-%d-people", width))
	}
	is(`getComputedStyle(document.querySelector(".c-not")).color`, "rgb(255, 138, 128)")
	is(
		`(({left, right}) => left >= 0 && right <= innerWidth)(document.querySelector("td.remedy").getBoundingClientRect())`,
		"true",
	)
	is(`document.querySelector("td.remedy").offsetTop < document.querySelector("td.entra_upn").offsetTop`, "true")

	// Printed: what is asked for, and no controls.
	pdf, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		printed, err := cdp.Call(ctx, t, page.PrintToPDF, page.PrintToPDFParams{})
		if err != nil {
			return nil, err
		}
		return printed.Data, nil
	})
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
		t.Fatalf("printing: %v", err)
	}
	if dir := os.Getenv("ZO365_SHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "33-report.pdf"), pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	is(`document.title`, "UPN report: 100000 Zoom users")
}

// browser is a tab of a real Chromium.
func browser(t testing.TB) context.Context {
	t.Helper()
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(
		chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(1280, 900),
		chromedp.Flag(
			"disable-background-networking",
			true,
		),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-first-run", true),
	)...)
	t.Cleanup(cancel)
	tab, cancelTab := chromedp.NewContext(allocator)
	t.Cleanup(cancelTab)
	if _, err := chromedp.Run(tab, chromedp.Title()); err != nil {
		t.Fatalf("a real browser is needed; make deps installs it: %v", err)
	}
	return tab
}

func shoot(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("ZO365_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}
