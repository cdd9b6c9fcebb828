package judges

// unlocked starts a keyring on a session bus of dbus-run-session, for a shell, and waits
// until it has its name there: whoever asks the bus before makes it start a second one,
// which finds the first one's file half written.
const unlocked = `printf '\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
until dbus-send --session --print-reply --dest=org.freedesktop.DBus / \
  org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets | grep -q 'boolean true'
do sleep 0.05; done
`
