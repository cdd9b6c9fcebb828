package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
	"github.com/zo365/zo365/internal/shell"
)

// Env are the variables that point zo365, and any other client, at this
// sandbox.
func (s *Server) Env() ([]world.Variable, error) {
	var vars []world.Variable
	if !s.opts.RealHosts {
		vars = []world.Variable{
			{Name: "ZO365_MICROSOFT_LOGIN_URL", Value: s.Origin},
			{Name: "ZO365_MICROSOFT_GRAPH_URL", Value: s.Origin},
			{Name: "ZO365_ZOOM_LOGIN_URL", Value: s.Origin},
			{Name: "ZO365_ZOOM_API_URL", Value: s.Origin},
			{Name: "ZO365_ZOOM_PORTAL_URL", Value: s.Origin},
		}
	}
	vars = append(vars, []world.Variable{
		{Name: "SSL_CERT_FILE", Value: s.CAFile()},
		{Name: "NODE_EXTRA_CA_CERTS", Value: s.CAFile()},
		{Name: "ZO365_MICROSOFT_TENANT", Value: s.world.TenantID},
		{Name: "ZO365_MICROSOFT_CLIENT_ID", Value: world.OwnAppID},
		{Name: "ZO365_MICROSOFT_CLIENT_SECRET", Value: s.entra.ClientSecret},
		{Name: "ZO365_SANDBOX_ADMIN", Value: s.world.Scenario.Admin},
		{Name: "ZO365_ZOOM_ACCOUNT_ID", Value: s.world.AccountID},
		{Name: "ZO365_ZOOM_CLIENT_ID", Value: s.zoom.OAuth.ClientID},
		{Name: "ZO365_ZOOM_CLIENT_SECRET", Value: s.zoom.OAuth.ClientSecret},
	}...)
	vars = append(vars, s.entra.Workload.Variables(s.Origin)...)
	if !s.opts.AutoApprove {
		return vars, nil
	}
	robot, err := s.robot()
	return append(vars, world.Variable{Name: "BROWSER", Value: robot + " sandbox visit"}), err
}

// robot is a name of this program without blanks, for BROWSER.
func (s *Server) robot() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program: %w", err)
	}
	if !strings.ContainsAny(self, " \t") {
		return self, nil
	}
	link := filepath.Join(s.dir, "zo365")
	if err := os.Symlink(self, link); err != nil {
		return "", fmt.Errorf("naming this program for BROWSER: %w", err)
	}
	return link, nil
}

// Format is how variables are written for a shell or a program.
type Format string

// The formats.
const (
	Sh         Format = "sh"
	Fish       Format = "fish"
	PowerShell Format = "ps1"
	Cmd        Format = "cmd"
	Dotenv     Format = "env"
)

// FormatOf is the format of a file by its ending; what has no known one is for sh.
func FormatOf(file string) Format {
	ending := strings.ToLower(strings.TrimPrefix(filepath.Ext(file), "."))
	switch f := Format(ending); f {
	case Sh, Fish, PowerShell, Cmd, Dotenv:
		return f
	}
	if ending == "bat" {
		return Cmd
	}
	return Sh
}

// Text sets the variables; names are plain words.
//
// https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
// https://learn.microsoft.com/windows-server/administration/windows-commands/set_1
// https://docs.docker.com/reference/cli/docker/container/run/#env
// https://fishshell.com/docs/current/language.html#quotes
func (f Format) Text(vars []world.Variable) string {
	var b strings.Builder
	switch f {
	case Cmd:
		b.WriteString("@echo off\r\nchcp 65001 >nul\r\n") // the file is UTF-8
	case PowerShell:
		b.WriteString(shell.ByteOrder)
	case Sh, Fish, Dotenv:
	}
	for _, v := range vars {
		switch f {
		case PowerShell:
			fmt.Fprintf(&b, "$env:%s = %s\n", v.Name, shell.PowerShell(v.Value))
		case Cmd:
			fmt.Fprintf(&b, "set \"%s=%s\"\r\n", v.Name, strings.ReplaceAll(v.Value, "%", "%%"))
		case Dotenv:
			fmt.Fprintf(&b, "%s=%s\n", v.Name, v.Value)
		case Fish:
			value := strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(v.Value)
			fmt.Fprintf(&b, "set -gx %s '%s'\n", v.Name, value)
		case Sh:
			fmt.Fprintf(&b, "export %s='%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
		}
	}
	return b.String()
}
