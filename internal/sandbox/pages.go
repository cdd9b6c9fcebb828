package sandbox

import (
	"embed"
	"html/template"
	"net/http"
)

//go:embed pages/*.html
var pageFiles embed.FS

// layout and pages: each page is a template of its own name within the layout.
var pageTemplates = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// page renders a page. The name stands in data-page, where the robot and the
// tests find it.
func (s *Server) page(rec *recorder, status int, name string, data map[string]any) {
	data["Page"] = name
	rec.header.Set("Content-Type", "text/html; charset=utf-8")
	rec.header.Set("Cache-Control", "no-store")
	rec.header.Set(
		"Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; form-action *; base-uri 'none'; frame-ancestors 'none'",
	)
	rec.status = status
	for _, part := range []string{"head", name, "foot"} {
		if err := pageTemplates.ExecuteTemplate(rec, part, data); err != nil {
			rec.body.Reset()
			rec.status = http.StatusInternalServerError
			rec.body.WriteString("the page " + name + " is broken: " + err.Error())
			return
		}
	}
}
