package judges

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// provisioned is a folder with a tenant file that wants the integration, the
// environment of a pipeline, and a sandbox of its own.
func provisioned(t *testing.T) (dir string, env []string, portal string) {
	t.Helper()
	dir = t.TempDir()
	own := t.TempDir()
	values, stop, err := sandbox(
		own,
		"--auto-approve",
		"--traffic-log",
		filepath.Join(traffic, "judges-"+strings.ReplaceAll(t.Name(), "/", "-")+".ndjson"),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	env = append(
		os.Environ(),
		"HOME="+dir,
		"XDG_CONFIG_HOME="+dir+"/.config",
		"XDG_CACHE_HOME="+dir+"/.cache",
		"ZO365_CREDENTIAL_STORE=env",
		"CI=true",
	)
	for name, value := range values {
		env = append(env, name+"="+value)
	}
	zo365(t, dir, env, 0, "init", "--yes")
	zo365(t, dir, env, 0, "integration", "enable", "--yes")
	return dir, env, values["ZO365_ZOOM_PORTAL_URL"]
}

// zo365 runs the program and returns its standard output.
func zo365(t *testing.T, dir string, env []string, code int, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Dir, cmd.Env = dir, env
	var said bytes.Buffer
	cmd.Stderr = &said
	out, _ := cmd.Output() // the exit code is looked at
	if cmd.ProcessState.ExitCode() != code {
		t.Fatalf(
			"zo365 %s: exit code %d, want %d\n%s",
			strings.Join(args, " "),
			cmd.ProcessState.ExitCode(),
			code,
			said.String(),
		)
	}
	return out
}

// TestPublishedSchemas: the pipelines of docs/ci, the SARIF of doctor and a saved plan
// hold against the published schemas.
func TestPublishedSchemas(t *testing.T) {
	dir, env, _ := provisioned(t)
	if err := os.WriteFile(
		filepath.Join(dir, "doctor.sarif"),
		zo365(t, dir, env, 3, "doctor", "-o", "sarif"),
		0o600,
	); err != nil {
		t.Fatal(err)
	}
	zo365(t, dir, env, 0, "plan", "--out", "plan.json")
	docs, err := filepath.Abs("../../../docs")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "node", "node/schemas.mjs",
		"github", docs+"/ci/github-actions.yml", "gitlab", docs+"/ci/gitlab-ci.yml", "azure", docs+"/ci/azure-pipelines.yml",
		"sarif", dir+"/doctor.sarif", docs+"/plan.schema.json", dir+"/plan.json").CombinedOutput()
	if err != nil || bytes.Count(out, []byte(" holds\n")) != 5 {
		t.Fatalf("%v\n%s", err, out)
	}
}
