package signin

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/zo365/zo365/internal/profile"
)

// TestTheAudienceIsOfTheCloud: a token for another cloud's Entra is refused with AADSTS700212.
func TestTheAudienceIsOfTheCloud(t *testing.T) {
	asked := ""
	actions := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Query().Get("audience")
		_, _ = w.Write([]byte(`{"value":"token"}`))
	}))
	defer actions.Close()
	getenv := func(name string) string {
		return map[string]string{
			"ACTIONS_ID_TOKEN_REQUEST_URL":   actions.URL + "?api-version=2.0",
			"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request",
		}[name]
	}
	for cloud, want := range map[profile.Cloud]string{
		"":              "api://AzureADTokenExchange",
		profile.Global:  "api://AzureADTokenExchange",
		profile.GCCHigh: "api://AzureADTokenExchangeUSGov",
		profile.DoD:     "api://AzureADTokenExchangeUSGov",
		profile.China:   "api://AzureADTokenExchangeChina",
	} {
		place, ok := FindFederation(cloud, getenv)
		if !ok {
			t.Fatal("GitHub Actions was not found")
		}
		if token, err := place.Token(
			t.Context(),
			actions.Client(),
		); err != nil || token.Reveal() != "token" ||
			asked != want {
			t.Errorf("%s: asked for %q, %v", cloud, asked, err)
		}
	}
}
