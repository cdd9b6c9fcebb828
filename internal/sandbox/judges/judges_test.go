package judges

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lab is the sandbox that the SDKs talk to; contracts and traffic are folders.
var (
	lab                        map[string]string
	binary, contracts, traffic string
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "judges:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	for name, value := range map[string]*string{"ZO365_BIN": &binary, "ZO365_CONTRACTS": &contracts, "ZO365_TRAFFIC": &traffic} {
		if *value = os.Getenv(name); *value == "" {
			return 0, fmt.Errorf("%s is not set; run make judges", name)
		}
	}
	dir, err := os.MkdirTemp("", "zo365-judges-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	var stop func() error
	lab, stop, err = sandbox(
		dir,
		"--users",
		"1200",
		"--auto-approve",
		"--traffic-log",
		filepath.Join(traffic, "judges.ndjson"),
	)
	if err != nil {
		return 0, err
	}
	// The authority must be known before anything makes a TLS connection.
	for name, value := range lab {
		if err := os.Setenv(name, value); err != nil {
			return 0, err
		}
	}
	code := m.Run()
	return code, stop()
}

// sandbox starts one and returns its variables.
func sandbox(dir string, flags ...string) (values map[string]string, stop func() error, err error) {
	file := filepath.Join(dir, "env.sh")
	ctx, cancel := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, binary, append([]string{"sandbox", "serve", "--env-file", file}, flags...)...)
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGTERM) }
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		cancel()
		return nil, nil, err
	}
	stop = func() error {
		cancel()
		if err := server.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	}
	var text []byte
	for range 500 {
		if text, err = os.ReadFile(file); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	values = map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		values[name] = strings.Trim(value, "'")
	}
	return values, stop, nil
}

func origin() string { return lab["ZO365_MICROSOFT_GRAPH_URL"] }
