package sandbox

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// browser is a real headless Chromium that trusts the lab's authority by its
// key: Chromium has no flag for an authority, and certificate errors are not
// switched off.
func browser(t *testing.T, l *lab) context.Context {
	t.Helper()
	home := t.TempDir()
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(
		chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.UserDataDir(filepath.Join(home, "profile")),
		chromedp.Flag("ignore-certificate-errors-spki-list", l.spki()),
		chromedp.Flag(
			"disable-quic",
			true,
		),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-first-run", true),
	)...)
	t.Cleanup(cancel)
	tab, cancelTab := chromedp.NewContext(allocator)
	t.Cleanup(cancelTab)
	if _, err := chromedp.Run(tab, chromedp.Title()); err != nil {
		t.Fatalf("a real browser is needed; make deps installs it: %v", err)
	}
	limited, cancelLimit := context.WithTimeout(tab, 90*time.Second)
	t.Cleanup(cancelLimit)
	return limited
}

// at checks which page is shown.
func at(page string) chromedp.Action[chromedp.Void] {
	return chromedp.WaitVisible(css(`main[data-page="` + page + `"]`))
}

func css(selector string) chromedp.CSS { return chromedp.CSS(selector) }

// read takes a text from the page.
func read(into *string, selector string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		text, err := chromedp.Text(css(selector))(ctx, t)
		*into = text
		return chromedp.Void{}, err
	}
}

// enter types into an empty field.
func enter(selector, text string) chromedp.Action[chromedp.Void] {
	return chromedp.SendKeys(css(selector), text)
}

func click(selector string) chromedp.Action[chromedp.Void] { return chromedp.Click(css(selector)) }

// shot keeps a picture for a person to look at, in ZO365_SHOTS.
func shot(name string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		dir := os.Getenv("ZO365_SHOTS")
		if dir == "" {
			return chromedp.Void{}, nil
		}
		png, err := chromedp.FullScreenshot(100)(ctx, t)
		if err != nil {
			return chromedp.Void{}, err
		}
		return chromedp.Void{}, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
	}
}

func walk(ctx context.Context, t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for i, a := range actions {
		if err := chromedp.Do(ctx, a); err != nil {
			html, _ := chromedp.Run(ctx, chromedp.OuterHTML(css("main")))
			t.Fatalf("action %d: %v\n%s", i, err, html)
		}
	}
}

const (
	next   = `button.primary`
	cancel = `button[value="cancel"]`
)

// The whole consent as a person clicks it: Zoom's portal, Microsoft's pages, and
// back.
func TestAuthorizeAndSaveInABrowser(t *testing.T) {
	l := start(t, "happy", nil)
	ctx := browser(t, l)
	var saved, permissions string
	walk(ctx, t,
		chromedp.Navigate(l.Origin+"/account/setting"), at("zoom-signin"), shot("1-zoom-signin"),
		enter("#email", "admin@contoso.com"), click(next),
		at("zoom-mail-calendar"), shot("2-mail-calendar"),
		chromedp.SetValue(css("#default_service"), "office365"), chromedp.SetValue(css("#authorize_with"), "graph"),
		click(`input[name="setup_by"][value="admin"]`), click(`button[value="authorize"]`),
		at("entra-signin"), shot("3-entra-signin"),
		enter("#loginfmt", "nobody@contoso.com"), click(next),
		chromedp.WaitVisible(css(`[role="alert"]`)), shot("4-entra-wrong-name"),
		enter("#loginfmt", "admin@contoso.com"), click(next),
		at("entra-consent"), shot("5-entra-consent"),
		read(&permissions, "main ul"), click(next),
		at("zoom-mail-calendar"), read(&saved, `[role="status"]`), shot("6-saved"),
	)
	if !strings.Contains(permissions, "Calendars.ReadWrite") || !strings.HasPrefix(saved, "Authorized.") {
		t.Errorf("permissions %q, saved %q", permissions, saved)
	}
	state := l.do("GET", "/sandbox/state", "", "")
	account := state.json["portal"].(map[string]any)["account"].(map[string]any)
	if account["authorized_by"] != "admin@contoso.com" {
		t.Errorf("the state: %v", account)
	}

	// Disable and Delete, with its dialog.
	walk(ctx, t,
		click(`input[name="setup_by"][value="users"]`), click(`button[value="save"]`),
		at("zoom-verify"), shot("7-disable-and-delete"), click(next),
		at("zoom-mail-calendar"), chromedp.WaitVisible(css(`[role="status"]`)),
	)
	state = l.do("GET", "/sandbox/state", "", "")
	if account := state.json["portal"].(map[string]any)["account"].(map[string]any); account["authorized_by"] != "" ||
		account["setup_by"] != "users" {
		t.Errorf("after Disable and Delete: %v", account)
	}
}

func TestADeclinedConsentInABrowser(t *testing.T) {
	l := start(t, "happy", nil)
	ctx := browser(t, l)
	var text string
	walk(ctx, t,
		chromedp.Navigate(l.Origin+"/account/group"), at("zoom-signin"),
		enter("#email", "admin@contoso.com"), click(next),
		at("zoom-groups"), shot("8-groups"), click(`main li a`),
		at("zoom-mail-calendar"), click(`input[name="setup_by"][value="admin"]`), click(`button[value="authorize"]`),
		at("entra-signin"), enter("#loginfmt", "admin@contoso.com"), click(next),
		at("entra-consent"), click(cancel),
		at("zoom-error"), read(&text, "main"), shot("9-declined"),
	)
	if !strings.Contains(text, "AADSTS65004") {
		t.Errorf("the portal says %q", text)
	}
	if state := l.do("GET", "/sandbox/state", "", ""); strings.Contains(state.text, world.ZoomAppID) {
		t.Error("the application is in the tenant")
	}
}

func TestWhoMayNotConsentSeesWhy(t *testing.T) {
	l := start(t, "no-consent-role", nil)
	ctx := browser(t, l)
	var text string
	walk(ctx, t,
		chromedp.Navigate(l.Origin+"/organizations/adminconsent?client_id="+world.ZoomAppID), at("entra-signin"),
		enter("#loginfmt", "admin@contoso.com"), click(next),
		at("entra-error"), read(&text, "main"), shot("10-need-admin-approval"),
	)
	if !strings.Contains(text, "AADSTS90094") {
		t.Errorf("the page says %q", text)
	}
}

// A device code is entered by hand, and the token endpoint then answers.
func TestADeviceCodeInABrowser(t *testing.T) {
	l := start(t, "happy", func(o *Options) { o.AutoApprove = false })
	ctx := browser(t, l)
	code := l.do("POST", l.tenantPath("/oauth2/v2.0/devicecode"), "", "client_id="+world.OwnAppID+"&scope=User.Read")
	poll := func() reply {
		return l.do(
			"POST",
			l.tenantPath("/oauth2/v2.0/token"),
			"",
			"grant_type=device_code&client_id="+world.OwnAppID+"&device_code="+code.json["device_code"].(string),
		)
	}
	if r := poll(); r.json["error"] != "authorization_pending" {
		t.Errorf("before: %s", r.text)
	}
	walk(ctx, t,
		chromedp.Navigate(code.json["verification_uri"].(string)), at("entra-device"),
		enter("#otc", "WRONG"), click(next), chromedp.WaitVisible(css(`[role="alert"]`)), shot("11-wrong-code"),
		enter("#otc", code.json["user_code"].(string)), click(next),
		at("entra-signin"), enter("#loginfmt", "adele.vance@contoso.com"), click(next),
		at("entra-confirm"), shot("12-confirm"), click(next), at("entra-done"), shot("13-done"),
	)
	if r := poll(); r.status != 200 || r.json["access_token"] == nil {
		t.Errorf("after: %s", r.text)
	}
}

// The pages beside the Mail & Calendar tab, as a person clicks them: a domain is
// verified in Entra, and the Zoom plan is upgraded.
func TestTheOtherPagesInABrowser(t *testing.T) {
	l := start(t, "domain-not-verified", func(o *Options) { o.Scenario.Zoom.Plan = "Basic" })
	ctx := browser(t, l)
	var domain, plan, licences string
	walk(
		ctx,
		t,
		chromedp.Navigate(l.Origin+"/entra"),
		at("entra-tasks"),
		read(&domain, "main p"),
		shot("14-entra-admin"),
		click(next),
		chromedp.WaitVisible(css(`[role="status"]`)),
		shot("15-entra-nothing-left"),
		chromedp.Navigate(
			l.Origin+"/billing",
		),
		at("zoom-signin"),
		enter("#email", "admin@contoso.onmicrosoft.com"),
		click(next),
		at(
			"zoom-tasks",
		),
		read(&plan, "main p"),
		shot("16-billing"),
		click(next),
		chromedp.WaitVisible(css(`[role="status"]`)),
		chromedp.Navigate(l.Origin+"/m365"),
		at("entra-tasks"),
		read(&licences, "main p"),
	)
	if domain != "Domain names: contoso.com is not verified." || plan != "Your plan is Basic." ||
		licences != "Nothing is left to do here." {
		t.Errorf("%q, %q, %q", domain, plan, licences)
	}
	if !l.world.DomainMatches() || l.world.Scenario.Zoom.Plan != "Pro" {
		t.Errorf("%+v, %s", l.world.Scenario.Tenant.Domains, l.world.Scenario.Zoom.Plan)
	}
}
