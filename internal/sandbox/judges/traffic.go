package judges

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Exchange is a line of the sandbox's traffic log.
type Exchange struct {
	Method   string `json:"m"`
	URL      string `json:"url"`
	Status   int    `json:"st"`
	Request  any    `json:"req"`
	Response any    `json:"res"`
	// Spoiled is an answer that a fault of the sandbox changed: no contract describes it.
	Spoiled bool `json:"spoiled"`
	// Where names the log and the line.
	Where string `json:"-"`
}

// LoadTraffic reads every log in a folder.
func LoadTraffic(dir string) ([]Exchange, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.ndjson"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no traffic logs in %q; make test leaves them: %w", dir, err)
	}
	var all []Exchange
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 64<<20)
		for n := 1; lines.Scan(); n++ {
			var e Exchange
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, n, err)
			}
			if e.Spoiled {
				continue
			}
			e.Where = fmt.Sprintf("%s:%d", filepath.Base(file), n)
			all = append(all, e)
		}
		if err := lines.Err(); err != nil {
			return nil, err
		}
		_ = f.Close()
	}
	return all, nil
}

// Graph are the exchanges with one version of Microsoft Graph, those within batches
// taken out of them.
func Graph(all []Exchange, version string) []Exchange {
	var graph []Exchange
	for _, e := range all {
		u, err := url.Parse(e.URL)
		if err != nil || !strings.HasPrefix(u.Path, "/"+version+"/") {
			continue
		}
		if u.Path != "/v1.0/$batch" {
			graph = append(graph, e)
			continue
		}
		graph = append(graph, batched(e, u)...)
	}
	return graph
}

func batched(e Exchange, u *url.URL) []Exchange {
	request, _ := e.Request.(map[string]any)
	response, _ := e.Response.(map[string]any)
	requests, _ := request["requests"].([]any)
	responses, _ := response["responses"].([]any)
	var inner []Exchange
	for _, one := range requests {
		q, _ := one.(map[string]any)
		for _, other := range responses {
			a, _ := other.(map[string]any)
			if a["id"] != q["id"] {
				continue
			}
			status, _ := a["status"].(float64)
			address := fmt.Sprintf("%s://%s/v1.0/%s", u.Scheme, u.Host, strings.TrimPrefix(fmt.Sprint(q["url"]), "/"))
			inner = append(
				inner,
				Exchange{
					Method:   fmt.Sprint(q["method"]),
					URL:      address,
					Status:   int(status),
					Request:  q["body"],
					Response: a["body"],
					Where:    e.Where + " batch item " + fmt.Sprint(q["id"]),
				},
			)
		}
	}
	return inner
}
