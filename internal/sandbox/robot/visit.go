// Package robot walks the sandbox's pages as a person with a browser would.
package robot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Visitor walks the sandbox's pages as a person would: it follows what zo365
// opened, fills in the forms and presses the buttons.
type Visitor struct {
	// As is the UPN to sign in with at Entra, ZoomAs the email at Zoom's portal;
	// empty takes the first administrator that the portal offers.
	As, ZoomAs string
	// Decline presses Cancel on the consent page.
	Decline bool
	// ApproveMailRead ticks Mail: Read access in the portal.
	ApproveMailRead bool
	// Off switches the integration off. SetupBy, Service and API are what is chosen
	// otherwise: admin, office365 and graph when empty.
	Off                   bool
	SetupBy, Service, API string
	// Code is entered on the page for device codes.
	Code string
	// Say is told each step.
	Say func(string)

	client *http.Client
}

// pageLimit bounds a walk: no journey has more pages.
const pageLimit = 25

// ErrRefused says that a page refused what the visitor wanted.
var ErrRefused = errors.New("the page refused")

// Visit walks from an address to a page where nothing is left to do. Only pages
// on loopback are walked.
func (v *Visitor) Visit(ctx context.Context, address string) error {
	start, err := url.Parse(address)
	if err != nil || start.Hostname() != "localhost" && start.Hostname() != "127.0.0.1" && start.Hostname() != "::1" {
		return fmt.Errorf("%q is not an address of a sandbox on this machine", address)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	v.client = &http.Client{Jar: jar}
	if strings.HasPrefix(start.Fragment, "view/") { // a blade of Entra's admin center
		start.Path, start.Fragment = "/entra", ""
	}
	p, err := v.get(ctx, start.String())
	for range pageLimit {
		if err != nil {
			return err
		}
		v.Say(p.name + ": " + p.title)
		next := v.act(ctx, p, start.Query().Get("name"))
		if next == nil {
			return nil
		}
		p, err = next()
	}
	return errors.New("the walk does not end")
}

// step is the way to the next page; nil is the end of the walk.
type step func() (*visited, error)

// act decides what a person would do on a page.
func (v *Visitor) act(ctx context.Context, p *visited, group string) step {
	submit := func(fields url.Values) step {
		return func() (*visited, error) { return v.submit(ctx, p, fields) }
	}
	switch p.name {
	case "entra-signin":
		return submit(url.Values{"loginfmt": {v.As}})
	case "entra-device":
		if p.problem != "" || v.Code == "" {
			return func() (*visited, error) { return nil, fmt.Errorf("the code %q: %s: %w", v.Code, p.problem, ErrRefused) }
		}
		return submit(url.Values{"otc": {v.Code}})
	case "entra-consent", "entra-confirm":
		answer := "accept"
		if v.Decline {
			answer = "cancel"
		}
		return submit(url.Values{"answer": {answer}})
	case "entra-formpost":
		return submit(url.Values{})
	case "zoom-signin":
		who := v.ZoomAs
		if who == "" && len(p.options) > 0 {
			who = p.options[0]
		}
		return submit(url.Values{"email": {who}})
	case "zoom-groups":
		if address, ok := p.links[group]; ok {
			return func() (*visited, error) { return v.get(ctx, address) }
		}
		return func() (*visited, error) { return nil, fmt.Errorf("the portal has no group %q: %w", group, ErrRefused) }
	case "zoom-verify":
		return submit(url.Values{"verified": {p.button}})
	case "zoom-mail-calendar":
		if p.saved {
			return nil
		}
		if p.problem != "" {
			return func() (*visited, error) { return nil, fmt.Errorf("%s: %w", p.problem, ErrRefused) }
		}
		fields := url.Values{
			"integrate":       {"on"},
			"default_service": {cmp.Or(v.Service, "office365")},
			"authorize_with":  {cmp.Or(v.API, "graph")},
			"setup_by":        {cmp.Or(v.SetupBy, "admin")},
			"action":          {"authorize"},
		}
		if v.Off {
			fields.Del("integrate")
		}
		if v.ApproveMailRead {
			fields.Set("mail_read", "on")
		}
		return submit(fields)
	case "entra-tasks", "zoom-tasks":
		if p.saved {
			return nil
		}
		return submit(url.Values{})
	case "entra-error", "zoom-error":
		return func() (*visited, error) { return nil, fmt.Errorf("%s: %w", p.problem, ErrRefused) }
	}
	return nil // a page that only says something: done, or zo365's own closing page
}

// visited is a page as the visitor sees it.
type visited struct {
	name, title string
	address     *url.URL
	// action is the form's target; hidden are the values it carries anyway.
	action string
	hidden url.Values
	// options are offered for the text field; button is the label of the last
	// button.
	options []string
	button  string
	links   map[string]string
	problem string
	saved   bool
}

func (v *Visitor) get(ctx context.Context, address string) (*visited, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	return v.do(req)
}

func (v *Visitor) submit(ctx context.Context, p *visited, fields url.Values) (*visited, error) {
	target, err := p.address.Parse(p.action)
	if err != nil {
		return nil, err
	}
	for name, values := range p.hidden {
		if !fields.Has(name) {
			fields[name] = values
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(fields.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(req)
}

func (v *Visitor) do(req *http.Request) (*visited, error) {
	resp, err := v.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	root, err := html.Parse(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return nil, err
	}
	p := &visited{address: resp.Request.URL, hidden: url.Values{}, links: map[string]string{}}
	p.read(root)
	return p, nil
}

// read collects what matters from a page.
func (p *visited) read(n *html.Node) {
	if n.Type == html.ElementNode {
		switch n.Data {
		case "main":
			p.name = attr(n, "data-page")
		case "h1":
			p.title = textOf(n)
		case "form":
			p.action = attr(n, "action")
		case "button":
			p.button = textOf(n)
		case "option":
			if attr(n.Parent, "id") != "" && n.Parent.Data == "datalist" {
				p.options = append(p.options, attr(n, "value"))
			}
		case "input":
			if attr(n, "type") == "hidden" {
				p.hidden.Add(attr(n, "name"), attr(n, "value"))
			}
		case "a":
			if target, err := p.address.Parse(attr(n, "href")); err == nil {
				p.links[textOf(n)] = target.String()
			}
		}
		switch attr(n, "role") {
		case "alert":
			p.problem = textOf(n)
		case "status":
			p.saved = true
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		p.read(c)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(textOf(c))
	}
	return strings.TrimSpace(b.String())
}
