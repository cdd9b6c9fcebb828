package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// task is something that an administrator clicks outside of the Mail & Calendar
// tab: one button of Entra's admin center, the Microsoft 365 admin center or Zoom's
// portal.
type task struct {
	// Text says what there is, Button what is pressed.
	Text, Button string
	// ID comes back with the form.
	ID string
	do func()
}

// serveTasks shows one thing to do after another; pages and buttons are the
// sandbox's own, the controls those of the services.
func (s *Server) serveTasks(rec *recorder, r *http.Request, page, title string, tasks []task) {
	if r.Method == http.MethodPost {
		wanted := formValue(r, "task")
		for _, t := range tasks {
			if t.ID == wanted {
				t.do()
				redirect(rec, r.URL.Path)
				return
			}
		}
	}
	data := map[string]any{"Title": title, "Path": r.URL.Path}
	if len(tasks) > 0 {
		data["Next"] = tasks[0]
	}
	s.page(rec, http.StatusOK, page, data)
}

// serveEntraAdmin is what Entra's admin center has to do: custom domains, and the
// client secret of zo365's registration.
//
// https://learn.microsoft.com/entra/fundamentals/add-custom-domain
func (s *Server) serveEntraAdmin(rec *recorder, r *http.Request) {
	var tasks []task
	domains := &s.world.scenario.Tenant.Domains
	for i := range *domains {
		if d := &(*domains)[i]; !d.Verified {
			tasks = append(
				tasks,
				task{"Domain names: " + d.Name + " is not verified.", "Verify", "verify " + d.Name, func() { d.Verified = true }},
			)
		}
	}
	for _, z := range s.world.scenario.Zoom.Domains {
		if !slices.ContainsFunc(*domains, func(d EntraDomain) bool { return strings.EqualFold(d.Name, z.Name) }) &&
			len(tasks) == 0 &&
			!s.world.domainMatches() {
			tasks = append(
				tasks,
				task{
					"Domain names: " + z.Name + " is not there.",
					"Add custom domain",
					"add " + z.Name,
					func() { *domains = append(*domains, EntraDomain{Name: z.Name}) },
				},
			)
		}
	}
	if days := s.world.daysLeft(); days < 60 {
		tasks = append(
			tasks,
			task{
				"App registrations, zo365: the client secret ends soon.",
				"New client secret",
				"secret",
				func() { s.world.secretEnds = s.world.now().Add(365 * 24 * time.Hour) },
			},
		)
	}
	s.serveTasks(rec, r, "entra-tasks", "Microsoft Entra admin center", tasks)
}

// serveLicences is what the Microsoft 365 admin center has to do.
func (s *Server) serveLicences(rec *recorder, r *http.Request) {
	var tasks []task
	for _, u := range s.world.users {
		if u.NoMailbox && !u.Guest && u.deleted.IsZero() {
			tasks = append(
				tasks,
				task{
					"Active users: " + u.UPN + " has no Exchange licence.",
					"Assign",
					"assign " + u.ID,
					func() { u.NoMailbox = false; s.world.changed(u) },
				},
			)
		}
	}
	s.serveTasks(rec, r, "entra-tasks", "Microsoft 365 admin center", tasks)
}

// serveZoomAccount is Account Management > Account Profile: the associated domains
// (https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0066259).
func (s *Server) serveZoomAccount(rec *recorder, r *http.Request) {
	var tasks []task
	for i := range s.world.scenario.Zoom.Domains {
		if d := &s.world.scenario.Zoom.Domains[i]; d.Status != "verified" {
			tasks = append(
				tasks,
				task{
					"Associated Domains: " + d.Name + " is " + d.Status + ".",
					"Verify",
					"verify " + d.Name,
					func() { d.Status = "verified" },
				},
			)
		}
	}
	for _, d := range s.world.scenario.Tenant.Domains {
		if d.Verified && !d.Initial && len(tasks) == 0 && !s.world.domainMatches() {
			tasks = append(tasks, task{"Associated Domains: " + d.Name + " is not there.", "Add", "add " + d.Name, func() {
				s.world.scenario.Zoom.Domains = append(
					s.world.scenario.Zoom.Domains,
					ManagedDomain{Name: d.Name, Status: "pending"},
				)
			}})
		}
	}
	s.serveTasks(rec, r, "zoom-tasks", "Account Profile", tasks)
}

// serveZoomBilling is Account Management > Billing.
func (s *Server) serveZoomBilling(rec *recorder, r *http.Request) {
	var tasks []task
	if s.world.scenario.Zoom.Plan == "Basic" {
		tasks = append(
			tasks,
			task{"Your plan is Basic.", "Upgrade to Pro", "upgrade", func() { s.world.scenario.Zoom.Plan = "Pro" }},
		)
	}
	s.serveTasks(rec, r, "zoom-tasks", "Billing", tasks)
}
