package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Variable is one environment variable.
type Variable struct{ Name, Value string }

// Env are the variables that point zo365, and any other client, at this
// sandbox.
func (s *Server) Env() ([]Variable, error) {
	vars := []Variable{
		{"ZO365_MICROSOFT_LOGIN_URL", s.Origin},
		{"ZO365_MICROSOFT_GRAPH_URL", s.Origin},
		{"ZO365_ZOOM_LOGIN_URL", s.Origin},
		{"ZO365_ZOOM_API_URL", s.Origin},
		{"ZO365_ZOOM_PORTAL_URL", s.Origin},
		{"SSL_CERT_FILE", s.CAFile()},
		{"NODE_EXTRA_CA_CERTS", s.CAFile()},
		{"ZO365_MICROSOFT_TENANT", s.world.tenantID},
		{"ZO365_MICROSOFT_CLIENT_ID", ownAppID},
		{"ZO365_MICROSOFT_CLIENT_SECRET", s.entra.clientSecret},
		{"ZO365_SANDBOX_ADMIN", s.world.scenario.Admin},
		{"ZO365_ZOOM_ACCOUNT_ID", s.world.accountID},
		{"ZO365_ZOOM_CLIENT_ID", s.zoom.clientID},
		{"ZO365_ZOOM_CLIENT_SECRET", s.zoom.clientSecret},
	}
	vars = append(vars, s.entra.workload.variables(s.Origin)...)
	if !s.opts.AutoApprove {
		return vars, nil
	}
	robot, err := s.robot()
	return append(vars, Variable{"BROWSER", robot + " sandbox visit"}), err
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

// Exports are the variables as shell commands.
func Exports(vars []Variable) string {
	var b strings.Builder
	for _, v := range vars {
		fmt.Fprintf(&b, "export %s='%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
	}
	return b.String()
}
