// Package signin owns how zo365 proves who it is: the OAuth flows against Entra
// and Zoom, the refresh of a sign-in under a lock, and the hosts of each cloud.
// It prints nothing: what a person must see is handed to a function.
package signin

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/zo365/zo365/internal/profile"
)

// Hosts are the origins one run talks to, without a trailing slash.
type Hosts struct {
	// Login and Graph are Microsoft's.
	Login, Graph string
	// ZoomLogin issues tokens, ZoomAPI has /v2, ZoomPortal is for people.
	ZoomLogin, ZoomAPI, ZoomPortal string
	// EntraPortal is Entra's admin center, for people.
	EntraPortal string
	// MicrosoftSandbox and ZoomSandbox are true when the origins are a sandbox's
	// on this machine.
	MicrosoftSandbox, ZoomSandbox bool
}

// microsoftHosts are Entra's and Microsoft Graph's endpoints and Entra's admin center
// by cloud.
//
// https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
// https://learn.microsoft.com/graph/deployments
var microsoftHosts = map[profile.Cloud][3]string{
	profile.Global:  {"https://login.microsoftonline.com", "https://graph.microsoft.com", "https://entra.microsoft.com"},
	profile.GCCHigh: {"https://login.microsoftonline.us", "https://graph.microsoft.us", "https://entra.microsoft.us"},
	profile.DoD:     {"https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "https://entra.microsoft.us"},
	profile.China: {
		"https://login.partner.microsoftonline.cn",
		"https://microsoftgraph.chinacloudapi.cn",
		"https://entra.microsoftonline.cn",
	},
}

// zoomHosts are Zoom's login, API and portal by platform.
//
// https://developers.zoom.us/docs/internal-apps/s2s-oauth/
// https://developers.zoom.us/docs/api/using-zoom-apis/
var zoomHosts = map[profile.ZoomCloud][3]string{
	profile.ZoomGlobal: {"https://zoom.us", "https://api.zoom.us", "https://zoom.us"},
	profile.ZoomGov:    {"https://zoomgov.com", "https://api.zoomgov.com", "https://zoomgov.com"},
}

// HostError says that an address variable cannot be used, and why.
type HostError struct{ Variable, Value, Reason string }

func (e *HostError) Error() string {
	return fmt.Sprintf("%s=%q is refused: %s", e.Variable, e.Value, e.Reason)
}

// ResolveHosts takes the origins of a cloud, or those of the ZO365_*_URL
// variables, which are for a sandbox on this machine and nothing else: an
// address elsewhere could collect an administrator's sign-in. Login and API of
// one service go together, so that a token never crosses from the real service
// to a sandbox.
func ResolveHosts(cloud profile.Cloud, zoomCloud profile.ZoomCloud, getenv func(string) string) (Hosts, error) {
	if cloud == "" {
		cloud = profile.Global
	}
	if zoomCloud == "" {
		zoomCloud = profile.ZoomGlobal
	}
	microsoft, zoom := microsoftHosts[cloud], zoomHosts[zoomCloud]
	h := Hosts{
		Login:       microsoft[0],
		Graph:       microsoft[1],
		EntraPortal: microsoft[2],
		ZoomLogin:   zoom[0],
		ZoomAPI:     zoom[1],
		ZoomPortal:  zoom[2],
	}
	var err error
	if h.MicrosoftSandbox, err = override(
		getenv,
		[]string{"ZO365_MICROSOFT_LOGIN_URL", "ZO365_MICROSOFT_GRAPH_URL"},
		&h.Login,
		&h.Graph,
	); err != nil {
		return Hosts{}, err
	}
	if h.MicrosoftSandbox {
		h.EntraPortal = h.Login
	}
	if h.ZoomSandbox, err = override(
		getenv,
		[]string{"ZO365_ZOOM_LOGIN_URL", "ZO365_ZOOM_API_URL", "ZO365_ZOOM_PORTAL_URL"},
		&h.ZoomLogin,
		&h.ZoomAPI,
		&h.ZoomPortal,
	); err != nil {
		return Hosts{}, err
	}
	return h, nil
}

func override(getenv func(string) string, variables []string, targets ...*string) (bool, error) {
	set := 0
	for i, name := range variables {
		value := getenv(name)
		if value == "" {
			continue
		}
		if err := loopback(value); err != "" {
			return false, &HostError{Variable: name, Value: value, Reason: err}
		}
		*targets[i] = strings.TrimSuffix(value, "/")
		set++
	}
	if set != 0 && set != len(variables) {
		for _, name := range variables {
			if getenv(name) == "" {
				return false, &HostError{Variable: name, Reason: "it must be set together with " + strings.Join(variables, ", ")}
			}
		}
	}
	return set > 0, nil
}

// loopback says why a URL is not an origin on this machine, or "".
func loopback(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || (u.Scheme != "https" && u.Scheme != "http"):
		return "it is not an http or https address"
	case u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "":
		return "it must be an origin: scheme, host and port only"
	}
	host := u.Hostname()
	if host == "localhost" {
		return ""
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return ""
	}
	return "only a loopback address is accepted (it is for zo365 sandbox)"
}
