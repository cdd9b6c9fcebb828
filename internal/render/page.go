package render

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/zo365/zo365/internal/tenant"
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

// pageFields are what a page carries of everybody; the ID comes behind them where it is shown.
var pageFields = []string{"zoom_email", "class", "flags", "entra_upn", "matched_on", "suggestion", "remedy"}

// pageHead is what the page shows and knows beside its people.
type pageHead struct {
	Report
	Total, Match, Rejected  int
	Made                    string
	Customer                bool
	Classes, Domains        []bar
	ClassHeight, DomainHigh int
	Legend                  []tenant.Meaning
	// Unknown is what the sources do not tell.
	Unknown []string
	// Fields are those of a line of the data, Shown the places of those that the table shows.
	Fields []string
	Shown  []int
}

// page writes one page that needs nothing else: no network, no second file. It carries its
// people in compressed blocks, the mismatches first, and draws one page of them at a time, so
// that a million are as quick as a hundred.
//
// https://developer.mozilla.org/docs/Web/API/DecompressionStream
func (c Compared) page(w io.Writer) error {
	head := c.pageHead()
	if err := reportTemplate.ExecuteTemplate(w, "head", head); err != nil {
		return err
	}
	withID := len(head.Fields) > len(pageFields)
	line := func(dst []byte, r *upn.Result) []byte { return appendPageLine(dst, r, withID) }
	for _, match := range []bool{false, true} {
		wants := func(class upn.Class) bool { return c.Wants(class) && (class == upn.Match) == match }
		if err := streamPeople(w, c.Everybody, wants, line, packed, c.Wrote); err != nil {
			return err
		}
	}
	if c.AsRows {
		var text []byte
		for r := range c.others() {
			const together = 1 << 19
			if text = line(text, r); len(text) > together {
				if _, err := w.Write(packed(text)); err != nil {
					return err
				}
				text = text[:0]
			}
		}
		if _, err := w.Write(packed(text)); err != nil {
			return err
		}
	}
	return reportTemplate.ExecuteTemplate(w, "tail", head)
}

func (c Compared) pageHead() pageHead {
	h := pageHead{
		Report:   c.Report,
		Total:    c.Everybody.Len(),
		Match:    c.Summary[string(upn.Match)],
		Made:     c.madeOf(),
		Customer: c.For == upn.ForCustomer,
		Fields:   pageFields,
	}
	for _, s := range c.Sources {
		h.Rejected += s.Rejected
		for _, u := range s.Unknown {
			h.Unknown = append(h.Unknown, s.Name+": "+u)
		}
	}
	for _, class := range upn.Classes {
		n := c.Summary[string(class)]
		if n == 0 {
			continue
		}
		kind := "not"
		if class == upn.Match {
			kind = "ok"
		}
		h.Classes = append(h.Classes, bar{Name: string(class), Kind: kind, Count: n})
	}
	for _, m := range upn.Meanings() {
		if c.Summary[m.Code] > 0 || m.Kind != "people class" {
			h.Legend = append(h.Legend, m)
		}
	}
	for _, d := range c.Domains[:min(domainsShown, len(c.Domains))] {
		short := []rune(d.Domain)
		if len(short) > domainLetters {
			short = append(short[:domainLetters-1], '…')
		}
		h.Domains = append(h.Domains, bar{
			Name:  d.Domain,
			Short: string(short),
			Count: d.Mismatches,
			Of:    d.People,
		})
	}
	h.Classes, h.ClassHeight = bars(classLeft, h.Classes), len(h.Classes)*barHeight
	h.Domains, h.DomainHigh = bars(domainLeft, h.Domains), len(h.Domains)*barHeight
	if slices.Contains(c.Columns, "entra_id") {
		h.Fields = append(slices.Clone(h.Fields), "entra_id")
	}
	h.Shown = placesOf(h.Fields, pageFields)
	if len(c.Columns) > 0 {
		h.Shown = placesOf(h.Fields, c.Columns)
	}
	return h
}

// appendPageLine is a person as the page carries them: a line of fields with tabs between
// them. What equals the Zoom email is a "=".
func appendPageLine(dst []byte, r *upn.Result, withID bool) []byte {
	field := func(text string) {
		if text != "" && text == r.ZoomEmail {
			text = "="
		}
		dst = append(appendOneLine(dst, text), '\t')
	}
	dst = append(appendOneLine(dst, r.ZoomEmail), '\t')
	dst = append(append(dst, r.Class...), '\t')
	for i, f := range r.Flags {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, f...)
	}
	dst = append(dst, '\t')
	id := ""
	if r.Entra != nil {
		field(r.Entra.UPN)
		id = r.Entra.ID
	} else {
		field("")
	}
	field(r.MatchedOn)
	field(r.Suggestion)
	dst = appendOneLine(dst, r.Remedy())
	if withID {
		dst = appendOneLine(append(dst, '\t'), id)
	}
	return append(dst, '\n')
}

// appendOneLine appends a text in which nothing is a tab or ends a line.
func appendOneLine(dst []byte, text string) []byte {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == '\ufffd' }) {
		text = strings.Map(func(r rune) rune {
			if r < ' ' {
				return '\ufffd'
			}
			return r
		}, text)
	}
	return append(dst, text...)
}

var squeezers = sync.Pool{New: func() any {
	w, err := flate.NewWriter(io.Discard, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

// packed is a block of lines as an element of the page: no text of anybody can end it.
func packed(lines []byte) []byte {
	if len(lines) == 0 {
		return nil
	}
	var small bytes.Buffer
	w := squeezers.Get().(*flate.Writer)
	defer squeezers.Put(w)
	w.Reset(&small)
	_, _ = w.Write(lines) // to memory
	_ = w.Close()
	out := make([]byte, 0, base64.StdEncoding.EncodedLen(small.Len())+64)
	out = append(out, `<script class="block" type="text/plain">`...)
	return append(base64.StdEncoding.AppendEncode(out, small.Bytes()), "</script>\n"...)
}
