package upn

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Article is Zoom's page with the rule.
const Article = "https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0077944"

// Story is what was found for one person, in Markdown, to be put into a ticket.
// sources say where each side was looked up.
func (r Result) Story(inZoom bool, sources string, at time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Calendar integration: %s\n\n", prose(r.ZoomEmail))
	fmt.Fprintf(&b, "Looked up on %s in %s.\n\n", at.UTC().Format("2006-01-02 15:04 UTC"), sources)
	zoom := "- Zoom: a user with the email " + code(r.ZoomEmail) + "\n"
	if !inZoom {
		zoom = "- Zoom: nobody with the email " + code(r.ZoomEmail) + "\n"
	}
	b.WriteString("**What is there**\n\n" + zoom + "- Microsoft 365: " + r.microsoft() + "\n")
	for _, f := range r.Flags {
		if meaning := flagMeaning[f]; meaning != "" {
			b.WriteString("- " + meaning + "\n")
		}
	}
	why, remedies := r.Why(), r.Remedies()
	if !inZoom {
		why, remedies = r.Without()
	}
	fmt.Fprintf(&b, "\n**What it means** (class `%s`)\n\n%s. ", r.Class, prose(capital(why)))
	fmt.Fprintf(
		&b,
		"Zoom's rule: the UPN of the authorizing user must equal their Zoom email, or Mail: Read must be approved (<%s>).\n",
		Article,
	)
	if len(remedies) > 0 {
		b.WriteString("\n**What to do** (one of these, the first is the best)\n\n")
		for i, remedy := range remedies {
			fmt.Fprintf(&b, "%d. %s\n", i+1, prose(capital(remedy)))
		}
	}
	return b.String()
}

func (r Result) microsoft() string {
	switch {
	case r.Entra != nil:
		text := "UPN " + code(r.Entra.UPN)
		if r.Entra.Mail != "" {
			text += ", mail " + code(r.Entra.Mail)
		}
		return text + ", found by " + code(r.MatchedOn)
	case len(r.Candidates) > 0:
		several := make([]string, len(r.Candidates))
		for i, one := range r.Candidates {
			several[i] = code(one)
		}
		return "several people: " + strings.Join(several, ", ")
	case r.Suggestion != "":
		return "nobody with this address; " + code(r.Suggestion) + " is nearly the same"
	}
	return "nobody with this address"
}

// flagMeaning says in words what a flag says in one.
var flagMeaning = map[Flag]string{
	Disabled:         "The Microsoft account is blocked from signing in.",
	NoMailbox:        "The person has no plan with a mailbox in Exchange Online.",
	Synced:           "The account comes from an on-premises directory; changes belong there.",
	Resource:         "The account is a room, equipment, a shared mailbox or a service's, no person.",
	Case:             "The addresses differ in letter case only, which does not matter.",
	Inactive:         "The Zoom user is inactive.",
	Pending:          "The Zoom user has not accepted the invitation yet.",
	UnverifiedDomain: "The domain of the Zoom email is not verified in the tenant.",
}

func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// code is a text of a service as a piece of code in Markdown.
func code(text string) string { return "`" + strings.ReplaceAll(inked(text), "`", "'") + "`" }

// prose is a text that stays one in Markdown: no link, picture, code or HTML comes of it.
func prose(text string) string {
	return strings.NewReplacer("[", `\[`, "<", "&lt;", "`", "\\`").Replace(inked(text))
}

// inked is a text with a mark for what has no ink of its own: line ends, control characters,
// and marks that turn the direction.
func inked(text string) string {
	return strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
