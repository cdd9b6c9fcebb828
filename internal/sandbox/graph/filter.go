package graph

import (
	"fmt"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// predicate is a parsed $filter. advanced says that it needs the advanced query
// capabilities, https://learn.microsoft.com/graph/aad-advanced-queries
type predicate struct {
	match    func(world.Entity) bool
	advanced bool
}

// filterError is a $filter that the sandbox does not understand. It is always a
// loud 400: "return everything" would hide a client's mistake.
type filterError struct{ text string }

func (e *filterError) Error() string { return e.text }

// parseFilter understands eq, ne, ge, le, gt, lt, and, or, not, in, parentheses,
// startswith, endswith and any over lists.
//
// https://learn.microsoft.com/graph/filter-query-parameter
func parseFilter(text string, known map[string]bool) (predicate, error) {
	tokens, err := lexFilter(text)
	if err != nil {
		return predicate{}, err
	}
	p := &filterParser{tokens: tokens, known: known}
	match, err := p.or()
	if err != nil {
		return predicate{}, err
	}
	if p.at < len(p.tokens) {
		return predicate{}, &filterError{fmt.Sprintf("Syntax error: unexpected '%s' in the filter.", p.tokens[p.at].text)}
	}
	return predicate{match: match, advanced: p.advanced}, nil
}

type token struct {
	text   string
	quoted bool
}

func lexFilter(text string) ([]token, error) {
	var tokens []token
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ':
			i++
		case strings.IndexByte("(),:", c) >= 0:
			tokens = append(tokens, token{text: string(c)})
			i++
		case c == '\'':
			value, next, ok := quotedText(text, i)
			if !ok {
				return nil, &filterError{"There is an unterminated literal in the filter."}
			}
			tokens = append(tokens, token{text: value, quoted: true})
			i = next
		default:
			end := i
			for end < len(text) && strings.IndexByte(" (),'", text[end]) < 0 && (text[end] != ':' || isTime(text[i:])) {
				end++
			}
			tokens = append(tokens, token{text: text[i:end]})
			i = end
		}
	}
	return tokens, nil
}

// isTime says whether a word is a time, whose colons belong to it.
func isTime(word string) bool { return len(word) > 10 && word[4] == '-' && word[10] == 'T' }

// quotedText reads a literal that begins at i, where ” stands for one quote.
func quotedText(text string, i int) (value string, next int, ok bool) {
	var b strings.Builder
	for i++; i < len(text); i++ {
		if text[i] != '\'' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, true
	}
	return "", 0, false
}

type filterParser struct {
	tokens   []token
	at       int
	known    map[string]bool
	advanced bool
	// variable is the name bound by any(), empty outside of one.
	variable string
}

func (p *filterParser) peek() token {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return token{}
}

func (p *filterParser) next() token {
	t := p.peek()
	p.at++
	return t
}

func (p *filterParser) expect(text string) error {
	if t := p.next(); t.text != text || t.quoted {
		return &filterError{fmt.Sprintf("Syntax error: '%s' was expected and '%s' is there.", text, t.text)}
	}
	return nil
}

func (p *filterParser) or() (func(world.Entity) bool, error) {
	left, err := p.and()
	for err == nil && p.peek().text == "or" {
		p.next()
		var right func(world.Entity) bool
		if right, err = p.and(); err == nil {
			first := left
			left = func(e world.Entity) bool { return first(e) || right(e) }
		}
	}
	return left, err
}

func (p *filterParser) and() (func(world.Entity) bool, error) {
	left, err := p.unary()
	for err == nil && p.peek().text == "and" {
		p.next()
		var right func(world.Entity) bool
		if right, err = p.unary(); err == nil {
			first := left
			left = func(e world.Entity) bool { return first(e) && right(e) }
		}
	}
	return left, err
}

func (p *filterParser) unary() (func(world.Entity) bool, error) {
	switch t := p.peek(); {
	case t.text == "not" && !t.quoted:
		p.next()
		p.advanced = true
		inner, err := p.unary()
		return func(e world.Entity) bool { return !inner(e) }, err
	case t.text == "(" && !t.quoted:
		p.next()
		inner, err := p.or()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	case !t.quoted && (strings.EqualFold(t.text, "startswith") || strings.EqualFold(t.text, "endswith")):
		return p.function()
	}
	return p.comparison()
}

func (p *filterParser) function() (func(world.Entity) bool, error) {
	name := strings.ToLower(p.next().text)
	if err := p.expect("("); err != nil {
		return nil, err
	}
	property, err := p.property(p.next().text)
	if err != nil {
		return nil, err
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	value := p.next()
	if !value.quoted {
		return nil, &filterError{"The second argument of " + name + " must be a text in quotes."}
	}
	has := strings.HasPrefix
	if name == "endswith" {
		has, p.advanced = strings.HasSuffix, true
	}
	return func(e world.Entity) bool {
		text, ok := e[property].(string)
		return ok && has(strings.ToLower(text), strings.ToLower(value.text))
	}, p.expect(")")
}

// property checks a name. Within any(x:...) the variable itself is kept under
// the name "".
func (p *filterParser) property(name string) (string, error) {
	if p.variable != "" {
		if name == p.variable {
			return "", nil
		}
		if inner, ok := strings.CutPrefix(name, p.variable+"/"); ok {
			return inner, nil
		}
	}
	if !p.known[name] {
		return "", &filterError{fmt.Sprintf("Could not find a property named '%s' that the sandbox imitates.", name)}
	}
	return name, nil
}

func (p *filterParser) comparison() (func(world.Entity) bool, error) {
	name := p.next().text
	if list, ok := strings.CutSuffix(name, "/any"); ok {
		return p.any(list)
	}
	property, err := p.property(name)
	if err != nil {
		return nil, err
	}
	operator := p.next().text
	if operator == "in" {
		return p.in(property)
	}
	value, err := literal(p.next())
	if err != nil {
		return nil, err
	}
	switch operator {
	case "eq":
		return func(e world.Entity) bool { return equal(e[property], value) }, nil
	case "ne":
		p.advanced = true
		return func(e world.Entity) bool { return !equal(e[property], value) }, nil
	case "ge", "gt", "le", "lt":
		return p.order(property, operator, value)
	}
	return nil, &filterError{fmt.Sprintf("The operator '%s' is not one that the sandbox imitates.", operator)}
}

// order compares times, and texts without letter case; of texts Graph knows ge
// and le alone.
//
// https://learn.microsoft.com/graph/api/resources/user#properties
func (p *filterParser) order(property, operator string, value any) (func(world.Entity) bool, error) {
	wanted, ok := value.(string)
	switch {
	case !ok:
		return nil, &filterError{"The operator " + operator + " needs a time or a text."}
	case isTime(wanted):
		return func(e world.Entity) bool { return ordered(e[property], operator, wanted) }, nil
	case operator == "gt", operator == "lt":
		return nil, &filterError{"The operator " + operator + " is not supported for this property."}
	}
	wanted = strings.ToLower(wanted)
	return func(e world.Entity) bool {
		text, ok := e[property].(string)
		text = strings.ToLower(text)
		return ok && (operator == "ge" && text >= wanted || operator == "le" && text <= wanted)
	}, nil
}

func ordered(value any, operator, wanted string) bool {
	text, ok := value.(string)
	if !ok {
		return false
	}
	// RFC 3339 in UTC sorts as text once the fractions are out of the way.
	order := strings.Compare(toSecond(text), toSecond(wanted))
	switch operator {
	case "ge":
		return order >= 0
	case "gt":
		return order > 0
	case "le":
		return order <= 0
	}
	return order < 0
}

func toSecond(stamp string) string {
	const seconds = len("2006-01-02T15:04:05")
	return strings.TrimSuffix(stamp, "Z")[:min(seconds, len(strings.TrimSuffix(stamp, "Z")))]
}

func (p *filterParser) in(property string) (func(world.Entity) bool, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var values []any
	for {
		value, err := literal(p.next())
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		if t := p.next(); t.text == ")" {
			break
		} else if t.text != "," {
			return nil, &filterError{"A list of values must be separated by commas."}
		}
	}
	return func(e world.Entity) bool {
		for _, v := range values {
			if equal(e[property], v) {
				return true
			}
		}
		return false
	}, nil
}

// any reads list/any(x:x eq 'value') and list/any(x:x/part eq 'value').
func (p *filterParser) any(list string) (func(world.Entity) bool, error) {
	if !p.known[list] {
		return nil, &filterError{fmt.Sprintf("Could not find a property named '%s' that the sandbox imitates.", list)}
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	p.variable = p.next().text
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	inner, err := p.or()
	p.variable = ""
	if err != nil {
		return nil, err
	}
	return func(e world.Entity) bool {
		items, _ := e[list].([]any)
		for _, item := range items {
			one, ok := item.(map[string]any)
			if !ok {
				one = world.Entity{"": item}
			}
			if inner(one) {
				return true
			}
		}
		return false
	}, p.expect(")")
}

func literal(t token) (any, error) {
	switch {
	case t.quoted:
		return t.text, nil
	case t.text == "true":
		return true, nil
	case t.text == "false":
		return false, nil
	case t.text == "null":
		return nil, nil
	case isTime(t.text), strings.Count(t.text, "-") == 4: // a time or a GUID
		return t.text, nil
	}
	return nil, &filterError{fmt.Sprintf("Invalid filter clause: '%s' is not a value.", t.text)}
}

// equal compares texts without letter case, as the directory does.
func equal(a, b any) bool {
	text, ok := a.(string)
	other, both := b.(string)
	if ok && both {
		return strings.EqualFold(text, other)
	}
	return a == b
}
