package cli

import (
	"strings"
	"testing"
)

func TestEachPersonHasAFileOfTheirOwn(t *testing.T) {
	files := names{}
	long := strings.Repeat("a", 300)
	for _, test := range []struct{ address, want string }{
		{"adele@contoso.com", "adele@contoso.com.html"},
		{"../../etc/x@contoso.com", ".._.._etc_x@contoso.com.html"},
		{`a\b:c*d?e"f<g>h|i@contoso.com`, "a_b_c_d_e_f_g_h_i@contoso.com.html"},
		{"a/b_c_d_e_f_g_h_i@contoso.com", "a_b_c_d_e_f_g_h_i@contoso.com-2.html"},
		{"é@contoso.com", "é@contoso.com.html"},
		{"e\u0301@contoso.com", "é@contoso.com-2.html"},
		{"É@contoso.com", "É@contoso.com-3.html"},
		{"nul.x@contoso.com", "_nul.x@contoso.com.html"},
		{"COM1.x@contoso.com", "_COM1.x@contoso.com.html"},
		{"communist.x@contoso.com", "communist.x@contoso.com.html"},
		{long + "@contoso.com", strings.Repeat("a", longestName) + ".html"},
		{long + "@fabrikam.com", strings.Repeat("a", longestName) + "-2.html"},
	} {
		if got := files.of(test.address, "html"); got != test.want {
			t.Errorf("%q: got %q, want %q", test.address, got, test.want)
		}
	}
	if got := files.of("adele@contoso.com", "markdown"); got != "adele@contoso.com-2.md" {
		t.Error(got)
	}
}
