package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
)

// errNoBrowser says that there is nothing to show an address with.
var errNoBrowser = errors.New("no browser can be opened here")

// openBrowser shows an address: with the command in BROWSER, else with the
// desktop's own opener. BROWSER may hold arguments, and %s stands for the
// address (https://wiki.debian.org/BROWSER). It does not wait for the browser.
func openBrowser(ctx context.Context, getenv func(string) string, messages io.Writer, address string) error {
	name, args := opener(getenv, address)
	if name == "" {
		return errNoBrowser
	}
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Errorf("%w: %s is not installed", errNoBrowser, name)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), name, args...) // a browser outlives the command
	cmd.Stderr = messages                                                 // never stdout, which is for data
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("opening the browser: %w", err)
	}
	go func() { _ = cmd.Wait() }() // a browser that is running already ends at once, another one stays
	return nil
}

func opener(getenv func(string) string, address string) (name string, args []string) {
	if browser := strings.Fields(getenv("BROWSER")); len(browser) > 0 {
		placed := false
		for i, arg := range browser {
			if strings.Contains(arg, "%s") {
				browser[i], placed = strings.ReplaceAll(arg, "%s", address), true
			}
		}
		if !placed {
			browser = append(browser, address)
		}
		return browser[0], browser[1:]
	}
	switch runtime.GOOS {
	case "darwin":
		return "open", []string{address}
	case "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	if getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "" {
		return "", nil
	}
	return "xdg-open", []string{address}
}
