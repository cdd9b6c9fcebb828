package secret

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/godbus/dbus/v5"
)

// reachable looks for a session bus and an unlocked Secret Service before the
// keyring library does: without a bus that library starts a dbus-daemon which
// outlives the process, and it reports a locked keyring as a failure of its own.
// The names are those of https://specifications.freedesktop.org/secret-service-spec/latest/
//
// A bus or a service that accepts and says nothing (one that waits to be started, for
// example) is given up when ctx ends: https://github.com/zalando/go-keyring/issues/131
func reachable(ctx context.Context) error {
	if err := busSocket(); err != nil {
		return err
	}
	conn, err := dbus.ConnectSessionBus(dbus.WithContext(ctx))
	if ctx.Err() != nil {
		return &UnavailableError{Reason: "the session bus took too long to answer"}
	}
	if err != nil {
		return &UnavailableError{Reason: "the session bus does not answer: " + err.Error()}
	}
	defer func() { _ = conn.Close() }() // nothing was written
	collection := conn.Object("org.freedesktop.secrets", "/org/freedesktop/secrets/aliases/default")
	locked, err := collection.GetProperty("org.freedesktop.Secret.Collection.Locked")
	if ctx.Err() != nil {
		return &UnavailableError{Reason: "the Secret Service (gnome-keyring, KWallet or KeePassXC) took too long to answer"}
	}
	if err != nil {
		return &UnavailableError{
			Reason: "the session bus has no usable Secret Service (gnome-keyring, KWallet or KeePassXC): " + err.Error(),
		}
	}
	if locked.Value() == true {
		return &UnavailableError{
			Locked: true,
			Reason: "unlock it in your desktop session, or with gnome-keyring-daemon --unlock",
		}
	}
	return nil
}

func busSocket() error {
	address := os.Getenv("DBUS_SESSION_BUS_ADDRESS")
	if address == "" {
		runtime := os.Getenv("XDG_RUNTIME_DIR")
		if _, err := os.Stat(filepath.Join(runtime, "bus")); runtime == "" || err != nil {
			return &UnavailableError{Reason: "there is no D-Bus session bus (DBUS_SESSION_BUS_ADDRESS is not set)"}
		}
		return nil
	}
	if path, ok := strings.CutPrefix(address, "unix:path="); ok {
		path, _, _ = strings.Cut(path, ",")
		if _, err := os.Stat(path); err != nil {
			return &UnavailableError{Reason: fmt.Sprintf("DBUS_SESSION_BUS_ADDRESS names %s, and no bus is there", path)}
		}
	}
	return nil
}
