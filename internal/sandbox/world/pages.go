package world

import (
	"embed"
	"html/template"
	"net/http"
)

//go:embed pages/*.html
var pageFiles embed.FS

// layout and pages: each page is a template of its own name within the layout.
var pageTemplates = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// Page renders a page. The name stands in data-page, where the robot and the
// tests find it.
func (s *Host) Page(rec *Recorder, status int, name string, data map[string]any) {
	data["Page"] = name
	rec.Head.Set("Content-Type", "text/html; charset=utf-8")
	rec.Head.Set("Cache-Control", "no-store")
	rec.Head.Set(
		"Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; form-action *; base-uri 'none'; frame-ancestors 'none'",
	)
	rec.Status = status
	for _, part := range []string{"head", name, "foot"} {
		if err := pageTemplates.ExecuteTemplate(rec, part, data); err != nil {
			rec.Body.Reset()
			rec.Status = http.StatusInternalServerError
			rec.Body.WriteString("the page " + name + " is broken: " + err.Error())
			return
		}
	}
}
