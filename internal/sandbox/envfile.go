package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// Env are the variables that point zo365, and any other client, at this
// sandbox.
func (s *Server) Env() ([]world.Variable, error) {
	vars := []world.Variable{
		{Name: "ZO365_MICROSOFT_LOGIN_URL", Value: s.Origin},
		{Name: "ZO365_MICROSOFT_GRAPH_URL", Value: s.Origin},
		{Name: "ZO365_ZOOM_LOGIN_URL", Value: s.Origin},
		{Name: "ZO365_ZOOM_API_URL", Value: s.Origin},
		{Name: "ZO365_ZOOM_PORTAL_URL", Value: s.Origin},
		{Name: "SSL_CERT_FILE", Value: s.CAFile()},
		{Name: "NODE_EXTRA_CA_CERTS", Value: s.CAFile()},
		{Name: "ZO365_MICROSOFT_TENANT", Value: s.world.TenantID},
		{Name: "ZO365_MICROSOFT_CLIENT_ID", Value: world.OwnAppID},
		{Name: "ZO365_MICROSOFT_CLIENT_SECRET", Value: s.entra.ClientSecret},
		{Name: "ZO365_SANDBOX_ADMIN", Value: s.world.Scenario.Admin},
		{Name: "ZO365_ZOOM_ACCOUNT_ID", Value: s.world.AccountID},
		{Name: "ZO365_ZOOM_CLIENT_ID", Value: s.zoom.OAuth.ClientID},
		{Name: "ZO365_ZOOM_CLIENT_SECRET", Value: s.zoom.OAuth.ClientSecret},
	}
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

// Exports are the variables as shell commands.
func Exports(vars []world.Variable) string {
	var b strings.Builder
	for _, v := range vars {
		fmt.Fprintf(&b, "export %s='%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
	}
	return b.String()
}
