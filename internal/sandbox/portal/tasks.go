package portal

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/sandbox/world"
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
func (s *Service) serveTasks(rec *world.Recorder, r *http.Request, page, title string, tasks []task) {
	if r.Method == http.MethodPost {
		wanted := world.FormValue(r, "task")
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
	s.Page(rec, http.StatusOK, page, data)
}

// ServeEntraAdmin is what Entra's admin center has to do: custom domains, and the
// client secret of zo365's registration.
//
// https://learn.microsoft.com/entra/fundamentals/add-custom-domain
func (s *Service) ServeEntraAdmin(rec *world.Recorder, r *http.Request) {
	var tasks []task
	domains := &s.World.Scenario.Tenant.Domains
	for i := range *domains {
		if d := &(*domains)[i]; !d.Verified {
			tasks = append(
				tasks,
				task{"Domain names: " + d.Name + " is not verified.", "Verify", "verify " + d.Name, func() { d.Verified = true }},
			)
		}
	}
	for _, z := range s.World.Scenario.Zoom.Domains {
		if !slices.ContainsFunc(*domains, func(d world.EntraDomain) bool { return strings.EqualFold(d.Name, z.Name) }) &&
			len(tasks) == 0 &&
			!s.World.DomainMatches() {
			tasks = append(
				tasks,
				task{
					"Domain names: " + z.Name + " is not there.",
					"Add custom domain",
					"add " + z.Name,
					func() { *domains = append(*domains, world.EntraDomain{Name: z.Name}) },
				},
			)
		}
	}
	if days := s.World.DaysLeft(); days < 60 {
		tasks = append(
			tasks,
			task{
				"App registrations, zo365: the client secret ends soon.",
				"New client secret",
				"secret",
				func() { s.World.SecretEnds = s.World.Now().Add(365 * 24 * time.Hour) },
			},
		)
	}
	s.serveTasks(rec, r, "entra-tasks", "Microsoft Entra admin center", tasks)
}

// ServeLicences is what the Microsoft 365 admin center has to do.
func (s *Service) ServeLicences(rec *world.Recorder, r *http.Request) {
	var tasks []task
	for _, u := range s.World.Users {
		if u.NoMailbox && !u.Guest && u.DeletedAt.IsZero() {
			tasks = append(
				tasks,
				task{
					"Active users: " + u.UPN + " has no Exchange licence.",
					"Assign",
					"assign " + u.ID,
					func() { u.NoMailbox = false; s.World.Changed(u) },
				},
			)
		}
	}
	s.serveTasks(rec, r, "entra-tasks", "Microsoft 365 admin center", tasks)
}

// serveZoomAccount is Account Management > Account Profile: the associated domains
// (https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0066259).
func (s *Service) serveZoomAccount(rec *world.Recorder, r *http.Request) {
	var tasks []task
	for i := range s.World.Scenario.Zoom.Domains {
		if d := &s.World.Scenario.Zoom.Domains[i]; d.Status != "verified" {
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
	for _, d := range s.World.Scenario.Tenant.Domains {
		if d.Verified && !d.Initial && len(tasks) == 0 && !s.World.DomainMatches() {
			tasks = append(tasks, task{"Associated Domains: " + d.Name + " is not there.", "Add", "add " + d.Name, func() {
				s.World.Scenario.Zoom.Domains = append(
					s.World.Scenario.Zoom.Domains,
					world.ManagedDomain{Name: d.Name, Status: "pending"},
				)
			}})
		}
	}
	s.serveTasks(rec, r, "zoom-tasks", "Account Profile", tasks)
}

// serveZoomBilling is Account Management > Billing.
func (s *Service) serveZoomBilling(rec *world.Recorder, r *http.Request) {
	var tasks []task
	if s.World.Scenario.Zoom.Plan == "Basic" {
		tasks = append(
			tasks,
			task{"Your plan is Basic.", "Upgrade to Pro", "upgrade", func() { s.World.Scenario.Zoom.Plan = "Pro" }},
		)
	}
	s.serveTasks(rec, r, "zoom-tasks", "Billing", tasks)
}
