package secret

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// desktop starts a session bus and gnome-keyring for one test, as a desktop
// does; empty input unlocks the keyring with an empty password. It returns the keyring's
// process.
func desktop(t *testing.T, args ...string) *os.Process {
	t.Helper()
	home := t.TempDir()
	bus := "unix:path=" + filepath.Join(home, "bus")
	for name, value := range map[string]string{
		"HOME":                     home,
		"XDG_DATA_HOME":            filepath.Join(home, "data"),
		"XDG_CACHE_HOME":           filepath.Join(home, "cache"),
		"XDG_RUNTIME_DIR":          home,
		"DBUS_SESSION_BUS_ADDRESS": bus,
	} {
		t.Setenv(name, value)
	}
	start(t, "", "dbus-daemon", "--session", "--nofork", "--nosyslog", "--address="+bus)
	eventually(t, func() bool { return busSocket() == nil })
	service := start(t, "\n", "gnome-keyring-daemon", append([]string{"--foreground", "--components=secrets"}, args...)...)
	eventually(t, func() bool {
		out, err := exec.Command(
			"dbus-send",
			"--bus="+bus,
			"--print-reply",
			"--dest=org.freedesktop.DBus",
			"/org/freedesktop/DBus",
			"org.freedesktop.DBus.NameHasOwner",
			"string:org.freedesktop.secrets",
		).Output()
		return err == nil && strings.Contains(string(out), "true")
	})
	return service
}

func start(t *testing.T, input, name string, args ...string) *os.Process {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(input)
	if err := cmd.Start(); err != nil {
		t.Fatalf("a real Secret Service is needed; make deps installs it: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd.Process
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for range 500 {
		if done() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("not ready after 10 s")
}

func TestKeyringOfARealSecretService(t *testing.T) {
	desktop(t, "--unlock")
	k := Keyring{Service: "zo365-test", Patience: 10 * time.Second}
	ctx := context.Background()
	if err := k.Available(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Get(ctx, "key"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("an empty keyring: %v", err)
	}
	// From one item to many and back: nothing is left behind or mixed up.
	for _, text := range []string{
		"short",
		strings.Repeat("long ", 20000),
		strings.Repeat("längér ", 1000),
		"",
		"parts:looks:2",
		"short again",
	} {
		if err := k.Set(ctx, "key", New(text)); err != nil {
			t.Fatalf("%d bytes: %v", len(text), err)
		}
		if got, err := k.Get(ctx, "key"); err != nil || got.Reveal() != text {
			t.Fatalf("%d bytes came back as %d, %v", len(text), len(got.Reveal()), err)
		}
	}
	if err := k.Set(ctx, "other", New("kept")); err != nil {
		t.Fatal(err)
	}
	if gone, err := k.Delete(ctx, "key"); !gone || err != nil {
		t.Errorf("delete: %v, %v", gone, err)
	}
	if gone, err := k.Delete(ctx, "key"); gone || err != nil {
		t.Errorf("delete twice: %v, %v", gone, err)
	}
	if got, err := k.Get(ctx, "other"); err != nil || got.Reveal() != "kept" {
		t.Errorf("the other item: %q, %v", got.Reveal(), err)
	}
	if _, err := (Keyring{Service: "zo365-sandbox", Patience: time.Second}).Get(
		ctx,
		"other",
	); !errors.Is(
		err,
		ErrNotFound,
	) {
		t.Errorf("another service sees it: %v", err)
	}
}

func TestALockedKeyringIsCalledLocked(t *testing.T) {
	desktop(t, "--unlock")
	out, err := exec.Command(
		"dbus-send",
		"--session",
		"--print-reply",
		"--dest=org.freedesktop.secrets",
		"/org/freedesktop/secrets",
		"org.freedesktop.Secret.Service.Lock",
		"array:objpath:/org/freedesktop/secrets/collection/login",
	).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var unavailable *UnavailableError
	err = Keyring{Service: "zo365-test", Patience: 2 * time.Second}.Available(context.Background())
	if !errors.As(err, &unavailable) || !unavailable.Locked || !strings.Contains(err.Error(), "locked") {
		t.Errorf("got %v", err)
	}
}

func TestWithoutABusNoDaemonIsStarted(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv("PATH", "") // a stray dbus-daemon could not even be found
	for address, want := range map[string]string{
		"":                           "no D-Bus session bus",
		"unix:path=/nonexistent/bus": "no bus is there",
	} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		err := Keyring{Service: "zo365-test", Patience: time.Second}.Available(context.Background())
		var unavailable *UnavailableError
		if !errors.As(err, &unavailable) || unavailable.Locked || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", address, err)
		}
	}
}

// A session bus that accepts and never answers costs the patience, not the run, and is
// called what it is.
func TestASilentBusIsSaid(t *testing.T) {
	bus := filepath.Join(t.TempDir(), "bus")
	listener, err := net.Listen("unix", bus)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+bus)
	k := Keyring{Service: "zo365-test", Patience: time.Second}
	var unavailable *UnavailableError
	if err = k.Available(t.Context()); !errors.As(err, &unavailable) || unavailable.Locked ||
		!strings.Contains(err.Error(), "the session bus took too long to answer") {
		t.Errorf("got %v", err)
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if err = k.Available(interrupted); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// So does a Secret Service that is on the bus and never answers: a process that is stopped.
func TestASilentServiceIsSaid(t *testing.T) {
	service := desktop(t, "--unlock")
	if err := service.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var unavailable *UnavailableError
	err := Keyring{Service: "zo365-test", Patience: time.Second}.Available(t.Context())
	if !errors.As(err, &unavailable) || unavailable.Locked ||
		!strings.Contains(err.Error(), "the Secret Service (gnome-keyring, KWallet or KeePassXC) took too long to answer") {
		t.Errorf("got %v", err)
	}
}
