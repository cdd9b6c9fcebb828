package render

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"io"
	"strings"

	"github.com/zo365/zo365/internal/upn"
)

//go:embed report.html
var reportPage string

var reportTemplate = template.Must(template.New("report").Parse(reportPage))

// bar is one bar of a chart, in the units of its SVG.
type bar struct {
	Name, Short, Kind string
	Count, Of         int
	Y, Width, LabelX  int
}

const (
	barHeight = 26
	classLeft = 90
	// domainLeft leaves room for names; longer ones are cut and whole in a title.
	domainLeft, domainLetters = 190, 24
	chartWidth, labelRoom     = 480, 130
	domainsShown              = 10
)

func bars(left int, all []bar) []bar {
	most := 1
	for _, b := range all {
		most = max(most, b.Count)
	}
	for i := range all {
		all[i].Y = i * barHeight
		all[i].Width = (chartWidth - left - labelRoom) * all[i].Count / most
		if all[i].Count > 0 {
			all[i].Width = max(all[i].Width, 2)
		}
		all[i].LabelX = left + all[i].Width + 8
	}
	return all
}

// writeReport writes one page that needs nothing else: no network, no second
// file. It carries its rows as data and draws one page of them at a time, so
// that a hundred thousand are as quick as a hundred.
func writeReport(w io.Writer, r Report, rows [][]string) error {
	var classes, domains []bar
	total := 0
	for _, class := range upn.Classes {
		n := r.Summary[string(class)]
		if n == 0 {
			continue
		}
		kind := "not"
		if class == upn.Match {
			kind = "ok"
		}
		classes = append(classes, bar{Name: string(class), Kind: kind, Count: n})
		total += n
	}
	for _, d := range r.Domains[:min(domainsShown, len(r.Domains))] {
		short := []rune(d.Domain)
		if len(short) > domainLetters {
			short = append(short[:domainLetters-1], '…')
		}
		domains = append(domains, bar{
			Name:  d.Domain,
			Short: string(short),
			Count: d.Mismatches,
			Of:    d.People,
		})
	}
	// json.Marshal escapes <, > and &, so that no cell can end the script element.
	data, err := json.Marshal(map[string]any{"columns": personColumns, "rows": rows})
	if err != nil {
		return err
	}
	return reportTemplate.Execute(w, map[string]any{
		"Total": total, "Match": r.Summary[string(upn.Match)], "Partial": r.Partial, "NotInZoom": len(r.NotInZoom),
		"Classes": bars(classLeft, classes), "ClassHeight": len(classes) * barHeight,
		"Domains": bars(domainLeft, domains), "DomainHeight": len(domains) * barHeight,
		"Data": template.JS(strings.ToValidUTF8(string(data), "\ufffd")), //nolint:gosec // it is JSON, escaped for HTML
	})
}
