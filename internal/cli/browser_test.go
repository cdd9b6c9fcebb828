package cli_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// serve starts a sandbox and returns its variables, and the environment of a
// person who uses it from home, with a keyring of their own.
func serve(t *testing.T, private, home string, flags ...string) (values map[string]string, env []string) {
	t.Helper()
	file := filepath.Join(private, "env.sh")
	server := exec.Command(zo365, append([]string{"sandbox", "serve", "--env-file", file}, flags...)...)
	said, err := os.Create(filepath.Join(home, "sandbox.txt"))
	if err != nil {
		t.Fatal(err)
	}
	server.Stdout, server.Stderr = said, said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		if err := errors.Join(server.Wait(), said.Close()); err != nil {
			t.Errorf("the sandbox: %v", err)
		}
	})
	if err := waitFor(func() bool { _, err := os.Stat(file); return err == nil }); err != nil {
		t.Fatal(err)
	}
	bus, stop, err := startSecretService(private)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	values = exports(string(text))
	env = []string{
		"HOME=" + home, "XDG_CONFIG_HOME=" + home + "/.config", "XDG_CACHE_HOME=" + home + "/.cache",
		"PATH=" + filepath.Dir(zo365) + ":" + os.Getenv("PATH"), "DBUS_SESSION_BUS_ADDRESS=" + bus, "ZO365_ACTOR=tester",
	}
	for name, value := range values {
		env = append(env, name+"="+value)
	}
	return values, env
}

// keyOf is the hash of a server's public key, which Chromium is told to trust: it
// has no flag for an authority, and certificate errors are not switched off.
func keyOf(t *testing.T, values map[string]string) string {
	t.Helper()
	pem, err := os.ReadFile(values["SSL_CERT_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	conn, err := tls.Dial(
		"tcp",
		strings.TrimPrefix(values["ZO365_MICROSOFT_LOGIN_URL"], "https://"),
		&tls.Config{RootCAs: roots},
	)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sum := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// The browser flow end to end: zo365 says an address, a real Chromium signs in
// and consents there, and zo365's own page closes the walk.
func TestLoginInARealBrowser(t *testing.T) {
	dir := t.TempDir()
	values, env := serve(t, t.TempDir(), dir)
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(
		chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.UserDataDir(filepath.Join(t.TempDir(), "profile")),
		chromedp.Flag("ignore-certificate-errors-spki-list", keyOf(t, values)),
		chromedp.Flag(
			"disable-quic",
			true,
		),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-first-run", true),
	)...)
	defer cancel()
	tab, cancelTab := chromedp.NewContext(allocator)
	defer cancelTab()
	if _, err := chromedp.Run(tab, chromedp.Title()); err != nil {
		t.Fatalf("a real browser is needed; make deps installs it: %v", err)
	}
	limited, cancelLimit := context.WithTimeout(tab, 60*time.Second)
	defer cancelLimit()

	login := exec.CommandContext(limited, zo365, "login", "microsoft", "--browser", "-o", "json")
	said, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	var out bytes.Buffer
	login.Env, login.Stdout, login.Stderr = slices.Concat(env, []string{"BROWSER=true"}), &out, said
	if err := login.Start(); err != nil {
		t.Fatal(err)
	}
	address := ""
	find := regexp.MustCompile(`https://localhost:\d+/\S+/authorize\?\S+`)
	if err := waitFor(func() bool {
		text, _ := os.ReadFile(said.Name())
		address = find.FindString(string(text))
		return address != ""
	}); err != nil {
		t.Fatal(err)
	}
	page := func(name string) chromedp.Action[chromedp.Void] {
		return chromedp.WaitVisible(chromedp.CSS(`main[data-page="` + name + `"]`))
	}
	if err := chromedp.Do(limited,
		chromedp.Navigate(address), page("entra-signin"),
		chromedp.SendKeys(chromedp.CSS("#loginfmt"), "admin@contoso.com"), chromedp.Click(chromedp.CSS("button.primary")),
		page("entra-consent"), chromedp.Click(chromedp.CSS("button.primary")),
		chromedp.WaitVisible(chromedp.CSS("body > p")),
	); err != nil {
		t.Fatal(err)
	}
	closing, err := chromedp.Run(limited, chromedp.Text(chromedp.CSS("body")))
	if err != nil || !strings.Contains(closing, "You are signed in. Close this tab and go back to the terminal.") {
		t.Errorf("zo365's page says %q, %v", closing, err)
	}
	if shots := os.Getenv("ZO365_SHOTS"); shots != "" {
		png, err := chromedp.Run(limited, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(shots, "20-closing-page.png"), png, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := login.Wait(); err != nil || !strings.Contains(out.String(), `"flow": "browser"`) ||
		!strings.Contains(out.String(), `"as": "admin@contoso.com"`) {
		text, _ := os.ReadFile(said.Name())
		t.Errorf("%v\n%s\n%s", err, out.String(), text)
	}
}
