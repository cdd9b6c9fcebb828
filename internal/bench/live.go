package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pageLatency is how far away the services are.
const pageLatency = "40ms"

// runLive measures a live report beside a reader that follows one page after
// another, first Microsoft's, then Zoom's, with Go's own JSON decoder.
func runLive(out io.Writer, program, sizes string, rounds int) error {
	first, _, _ := strings.Cut(sizes, ",")
	people, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	if sizes == defaultSizes {
		people = 100_000
	}
	s, err := startSandbox(program, people)
	if err != nil {
		return err
	}
	defer s.stop()
	ways := []struct {
		name string
		run  func() error
	}{
		{"zo365 upn report, everybody", func() error { return s.report("--fresh") }},
		{"zo365 upn report, second run", func() error { return s.report() }},
		{"one page after another", s.sequential},
	}
	times := make([][]time.Duration, len(ways))
	for round := range rounds + 1 {
		for i, way := range ways {
			start := time.Now()
			if err := way.run(); err != nil {
				return fmt.Errorf("%s: %w", way.name, err)
			}
			if took := time.Since(start); round > 0 { // the first one warms up
				times[i] = append(times[i], took)
				fmt.Fprintf(os.Stderr, "round %d: %-30s %.2f s\n", round, way.name, took.Seconds())
			}
		}
	}
	if _, err := fmt.Fprintf(
		out,
		"| %d people on each side, %s a page | wall s | to one page after another |\n|---|---|---|\n",
		people,
		pageLatency,
	); err != nil {
		return err
	}
	last := middle(times[len(ways)-1])
	for i, way := range ways {
		if _, err := fmt.Fprintf(
			out,
			"| %s | %.2f | %.2f |\n",
			way.name,
			middle(times[i]),
			middle(times[i])/last,
		); err != nil {
			return err
		}
	}
	return nil
}

func middle(times []time.Duration) float64 {
	slices.Sort(times)
	return times[len(times)/2].Seconds()
}

// sandboxed is a running sandbox and the environment that points at it.
type sandboxed struct {
	program string
	cmd     *exec.Cmd
	dir     string
	env     map[string]string
}

func startSandbox(program string, people int) (*sandboxed, error) {
	dir, err := os.MkdirTemp("", "zo365-bench")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "env.sh")
	s := &sandboxed{program: program, dir: dir, env: map[string]string{}}
	s.cmd = exec.Command( //nolint:noctx // stop ends it
		program,
		"sandbox",
		"serve",
		"--users",
		strconv.Itoa(people),
		"--latency",
		pageLatency,
		"--env-file",
		file,
	)
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 300 {
		if text, err := os.ReadFile(file); err == nil {
			lines := bufio.NewScanner(strings.NewReader(string(text)))
			for lines.Scan() {
				if name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "="); ok {
					s.env[name] = strings.Trim(value, `'"`)
				}
			}
			return s, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.stop()
	return nil, errors.New("the sandbox did not start within 30 s")
}

func (s *sandboxed) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
	_ = os.RemoveAll(s.dir)
}

func (s *sandboxed) report(flags ...string) error {
	args := append(
		[]string{"upn", "report", "-o", "csv", "--exit-zero", "--out", filepath.Join(s.dir, "report.csv")},
		flags...)
	cmd := exec.Command(s.program, args...) //nolint:noctx // it ends by itself
	cmd.Env = append(
		os.Environ(),
		"HOME="+s.dir,
		"XDG_CACHE_HOME="+s.dir,
		"XDG_CONFIG_HOME="+s.dir,
		"ZO365_CREDENTIAL_STORE=env",
	)
	for name, value := range s.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, text)
	}
	return nil
}

// sequential reads everybody, page by page.
func (s *sandboxed) sequential() error {
	client, err := s.client()
	if err != nil {
		return err
	}
	graph, err := s.token(
		client,
		s.env["ZO365_MICROSOFT_GRAPH_URL"]+"/"+s.env["ZO365_MICROSOFT_TENANT"]+"/oauth2/v2.0/token",
		url.Values{
			"grant_type": {
				"client_credentials",
			},
			"client_id":     {s.env["ZO365_MICROSOFT_CLIENT_ID"]},
			"client_secret": {s.env["ZO365_MICROSOFT_CLIENT_SECRET"]},
			"scope":         {s.env["ZO365_MICROSOFT_GRAPH_URL"] + "/.default"},
		},
		"",
		"",
	)
	if err != nil {
		return err
	}
	next := s.env["ZO365_MICROSOFT_GRAPH_URL"] + "/v1.0/users?$select=id,userPrincipalName,mail,displayName,proxyAddresses,accountEnabled,userType,onPremisesSyncEnabled,assignedPlans&$top=999"
	for next != "" {
		var page struct {
			Value []map[string]any `json:"value"`
			Next  string           `json:"@odata.nextLink"`
		}
		if err := get(client, next, graph, &page); err != nil {
			return err
		}
		next = page.Next
	}
	zoom, err := s.token(
		client,
		s.env["ZO365_MICROSOFT_GRAPH_URL"]+"/oauth/token",
		url.Values{"grant_type": {"account_credentials"}, "account_id": {s.env["ZO365_ZOOM_ACCOUNT_ID"]}},
		s.env["ZO365_ZOOM_CLIENT_ID"],
		s.env["ZO365_ZOOM_CLIENT_SECRET"],
	)
	if err != nil {
		return err
	}
	for _, status := range []string{"active", "inactive", "pending"} {
		for token, more := "", true; more; more = token != "" {
			var page struct {
				Users []map[string]any `json:"users"`
				Token string           `json:"next_page_token"`
			}
			if err := get(
				client,
				s.env["ZO365_MICROSOFT_GRAPH_URL"]+"/v2/users?page_size=2000&status="+status+"&next_page_token="+token,
				zoom,
				&page,
			); err != nil {
				return err
			}
			token = page.Token
		}
	}
	return nil
}

func (s *sandboxed) client() (*http.Client, error) {
	text, err := os.ReadFile(s.env["SSL_CERT_FILE"])
	if err != nil {
		return nil, err
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(text)
	return &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12}},
	}, nil
}

func (s *sandboxed) token(client *http.Client, address string, form url.Values, id, secret string) (string, error) {
	body := strings.NewReader(form.Encode())
	req, err := http.NewRequest(http.MethodPost, address, body) //nolint:noctx // a benchmark waits
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		req.SetBasicAuth(id, secret)
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	return answer.Token, decode(client, req, &answer, func() string { return answer.Token })
}

func get(client *http.Client, address, token string, out any) error {
	req, err := http.NewRequest(http.MethodGet, address, http.NoBody) //nolint:noctx // a benchmark waits
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return decode(client, req, out, func() string { return "done" })
}

func decode(client *http.Client, req *http.Request, out any, check func() string) error {
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || check() == "" {
		return fmt.Errorf("%s answered %s", req.URL.Path, resp.Status)
	}
	return nil
}
