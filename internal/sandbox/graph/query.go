package graph

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// collection is a list as Graph serves it.
type collection struct {
	// context is the name in @odata.context, for example "users".
	context string
	kind    string // for messages, for example "microsoft.graph.user"
	items   []world.Entity
	// defaults are the properties that come without $select; empty is all.
	defaults []string
	// known are all properties that exist.
	known []string
	// page is how many items come without $top, and most how many with it.
	page, most int
}

// list answers a collection: $filter, $count, $select, $top and pages with an
// absolute next link. Other query options are refused loudly.
//
// https://learn.microsoft.com/graph/query-parameters
// https://learn.microsoft.com/graph/paging
func (s *Service) list(g *graphCall, c collection) {
	for key := range g.query {
		if !slices.Contains([]string{"$filter", "$count", "$select", "$top", "$skiptoken", "$expand"}, key) {
			s.badQuery(g, fmt.Sprintf("The query parameter '%s' is not one that the sandbox imitates.", key))
			return
		}
	}
	items, ok := s.filtered(g, c)
	if !ok {
		return
	}
	size, ok := s.pageSize(g, c)
	if !ok {
		return
	}
	fields, ok := s.selected(g, c)
	if !ok {
		return
	}
	start, ok := s.pageStart(g, len(items))
	if !ok {
		return
	}
	body := map[string]any{"@odata.context": s.contextOf(g, c.context)}
	if g.query.Get("$count") == "true" && start == 0 { // on the first page only
		body["@odata.count"] = len(items)
	}
	end := min(start+size, len(items))
	value := make([]any, 0, end-start)
	for _, item := range items[start:end] {
		if c.kind == "microsoft.graph.user" {
			value = append(value, s.Listed().Encode(item, fields, strings.Join(fields, ",")))
			continue
		}
		value = append(value, item.Only(fields))
	}
	body["value"] = value
	if end < len(items) {
		body["@odata.nextLink"] = s.nextLink(g, end)
	}
	g.rec.JSON(http.StatusOK, body)
}

// one answers a single object.
func (s *Service) one(g *graphCall, c collection) {
	fields, ok := s.selected(g, c)
	if !ok {
		return
	}
	body := c.items[0].Only(fields)
	body["@odata.context"] = s.contextOf(g, c.context) + "/$entity"
	g.rec.JSON(http.StatusOK, body)
}

func (s *Service) filtered(g *graphCall, c collection) ([]world.Entity, bool) {
	text := g.query.Get("$filter")
	eventual := strings.EqualFold(g.r.Header.Get("ConsistencyLevel"), "eventual")
	if g.query.Get("$count") == "true" && !eventual && c.kind == "microsoft.graph.user" {
		s.Error(
			g.rec,
			g.r,
			http.StatusBadRequest,
			"Request_UnsupportedQuery",
			"The $count query needs the header 'ConsistencyLevel: eventual'.",
		)
		return nil, false
	}
	if text == "" {
		return c.items, true
	}
	known := map[string]bool{}
	for _, k := range c.known {
		known[k] = true
	}
	p, err := parseFilter(text, known)
	if err != nil {
		s.badQuery(g, err.Error())
		return nil, false
	}
	if p.advanced && (!eventual || g.query.Get("$count") != "true") {
		s.Error(
			g.rec,
			g.r,
			http.StatusBadRequest,
			"Request_UnsupportedQuery",
			"Operator 'ne', 'not' or 'endsWith' is not supported because the required parameters might be missing. Try adding $count=true query parameter and ConsistencyLevel:eventual header.",
		)
		return nil, false
	}
	remembered := c.kind == "microsoft.graph.user"
	key := g.r.URL.Path + "?" + text
	if items, ok := s.Listed().Filtered[key]; ok && remembered {
		return items, true
	}
	var items []world.Entity
	for _, item := range c.items {
		if p.match(item) {
			items = append(items, item)
		}
	}
	if remembered {
		s.Listed().Filtered[key] = items
	}
	return items, true
}

func (s *Service) pageSize(g *graphCall, c collection) (int, bool) {
	text := g.query.Get("$top")
	if text == "" {
		return c.page, true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > c.most {
		s.Error(
			g.rec,
			g.r,
			http.StatusBadRequest,
			"Request_BadRequest",
			fmt.Sprintf("Invalid page size specified: '%s'. Must be between 1 and %d inclusive.", text, c.most),
		)
		return 0, false
	}
	return n, true
}

// selected are the properties to return: those of $select (and @odata.id never),
// else the defaults.
func (s *Service) selected(g *graphCall, c collection) ([]string, bool) {
	text := g.query.Get("$select")
	if text == "" {
		if c.defaults == nil {
			return c.known, true
		}
		return c.defaults, true
	}
	var fields []string
	for _, name := range strings.Split(text, ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(c.known, name) {
			s.badQuery(
				g,
				fmt.Sprintf("Could not find a property named '%s' on type '%s' that the sandbox imitates.", name, c.kind),
			)
			return nil, false
		}
		fields = append(fields, name)
	}
	// Of a collection of several types each item says its own, whatever is selected.
	if typed := "@odata.type"; slices.Contains(c.known, typed) && !slices.Contains(fields, typed) {
		fields = append(fields, typed)
	}
	if g.query.Get("$expand") != "" {
		fields = append(fields, g.query.Get("$expand"))
	}
	return fields, true
}

func (s *Service) pageStart(g *graphCall, total int) (int, bool) {
	text := g.query.Get("$skiptoken")
	if text == "" {
		return 0, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	n, notNumber := strconv.Atoi(string(raw))
	if err != nil || notNumber != nil || n < 0 || n > total {
		s.badQuery(g, "The specified skip token is not valid.")
		return 0, false
	}
	return n, true
}

// nextLink repeats the request's options and adds a token that means nothing to
// clients. Graph does not read the token's place in the query.
func (s *Service) nextLink(g *graphCall, at int) string {
	q := g.r.URL.Query()
	q.Set("$skiptoken", base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(at))))
	return s.asked(g) + g.r.URL.EscapedPath() + "?" + q.Encode()
}

func (s *Service) contextOf(g *graphCall, name string) string {
	if fields := g.query.Get("$select"); fields != "" {
		name += "(" + fields + ")"
	}
	return s.asked(g) + "/v1.0/$metadata#" + name
}

// asked is the origin that a client used: Graph's links lead to the host that was
// asked, which behind a mapped name or at 127.0.0.1 is not the sandbox's own.
func (s *Service) asked(g *graphCall) string {
	if g.r.Host == "" {
		return s.Origin
	}
	return "https://" + g.r.Host
}
