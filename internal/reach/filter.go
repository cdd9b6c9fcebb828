package reach

import (
	"strings"
)

// Filter evaluates a recipient filter for a mailbox: the part of Exchange's OPATH that scopes are
// usually made of. What it cannot evaluate is unknown.
//
// https://learn.microsoft.com/powershell/exchange/recipientfilter-properties
// https://learn.microsoft.com/powershell/module/exchange/new-managementscope
func Filter(text string, properties map[string]string) (Answer, string) {
	p := &filter{words: lex(text), properties: properties}
	answer := p.or()
	if p.failed || p.at != len(p.words) || len(p.words) == 0 {
		return Unknown, "zo365 does not understand the recipient filter " + text
	}
	switch answer {
	case Yes:
		return Yes, "the recipient filter " + text + " matches"
	case No:
		return No, "the recipient filter " + text + " does not match"
	case Unknown:
	}
	why := "the recipient filter " + text + " asks for what zo365 does not see"
	if p.unseen != "" {
		why += " (" + p.unseen + ")"
	}
	return Unknown, why
}

// Understood says whether a filter can be evaluated but for properties that are not seen.
func Understood(text string) bool {
	p := &filter{words: lex(text)}
	p.or()
	return !p.failed && p.at == len(p.words) && len(p.words) > 0
}

type filter struct {
	words      []word
	at         int
	properties map[string]string
	failed     bool
	unseen     string
}

type word struct {
	text   string
	quoted bool
}

func (p *filter) next(text string) bool {
	if p.at < len(p.words) && !p.words[p.at].quoted && strings.EqualFold(p.words[p.at].text, text) {
		p.at++
		return true
	}
	return false
}

// or reads conditions that are joined by one of the two words. Which of the two binds closer no
// page says, so that a mixture without parentheses is not answered.
func (p *filter) or() Answer {
	answer := p.one()
	joined := ""
	for {
		word, join := "-or", or
		switch {
		case p.next("-or"):
		case p.next("-and"):
			word, join = "-and", and
		default:
			return answer
		}
		if joined != "" && joined != word {
			p.failed = true
		}
		joined = word
		answer = join(answer, p.one())
	}
}

func (p *filter) one() Answer {
	switch {
	case p.next("-not"), p.next("!"):
		if !p.next("(") {
			p.failed = true
			return Unknown
		}
		return not(p.inner())
	case p.next("("):
		return p.inner()
	}
	if p.at+3 > len(p.words) || p.words[p.at].quoted || !p.words[p.at+2].quoted {
		p.failed = true
		return Unknown
	}
	name, operator, value := p.words[p.at].text, strings.ToLower(p.words[p.at+1].text), p.words[p.at+2].text
	p.at += 3
	has, known := p.properties[strings.ToLower(name)]
	if operator != "-eq" && operator != "-ne" && operator != "-like" {
		p.failed = true
		return Unknown
	}
	if !known {
		p.unseen = name
		return Unknown
	}
	switch operator {
	case "-eq":
		return is(strings.EqualFold(has, value))
	case "-ne":
		return is(!strings.EqualFold(has, value))
	}
	return alike(value, has)
}

// inner is an expression in parentheses, of which the first is read.
func (p *filter) inner() Answer {
	answer := p.or()
	if !p.next(")") {
		p.failed = true
	}
	return answer
}

func is(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

// alike takes wildcards at the ends, as recipient filters do; one in the middle is unknown.
func alike(pattern, text string) Answer {
	pattern, text = strings.ToLower(pattern), strings.ToLower(text)
	inner := strings.TrimSuffix(strings.TrimPrefix(pattern, "*"), "*")
	begins, ends := strings.HasSuffix(pattern, "*"), strings.HasPrefix(pattern, "*")
	switch {
	case strings.ContainsAny(inner, "*?["), pattern == "*":
		return Unknown
	case begins && ends:
		return is(strings.Contains(text, inner))
	case begins:
		return is(strings.HasPrefix(text, inner))
	case ends:
		return is(strings.HasSuffix(text, inner))
	}
	return is(text == inner)
}

// lex takes a filter apart: parentheses, quoted texts with doubled quotes, and words.
func lex(text string) []word {
	var words []word
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case ' ', '\t', '\r', '\n':
			i++
		case '(', ')':
			words = append(words, word{text: string(c)})
			i++
		case '\'', '"':
			value, next, ok := quoted(text, i)
			if !ok {
				return nil
			}
			words = append(words, word{text: value, quoted: true})
			i = next
		default:
			end := strings.IndexAny(text[i:], " \t\r\n()'\"")
			if end < 0 {
				end = len(text) - i
			}
			words = append(words, word{text: text[i : i+end]})
			i += end
		}
	}
	return words
}

// quoted reads a quoted text that begins at a place, and where it ends.
func quoted(text string, at int) (value string, next int, ok bool) {
	mark := text[at]
	var out strings.Builder
	for i := at + 1; i < len(text); i++ {
		switch {
		case text[i] != mark:
			out.WriteByte(text[i])
		case i+1 < len(text) && text[i+1] == mark:
			out.WriteByte(mark)
			i++
		default:
			return out.String(), i + 1, true
		}
	}
	return "", 0, false
}
