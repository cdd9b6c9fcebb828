package index

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/zo365/zo365/internal/export"
)

// BenchmarkMemory says how many bytes of each kind stay of a person while a report
// is written: go test -run - -bench Memory ./internal/upn/index
func BenchmarkMemory(b *testing.B) {
	const people = 200_000
	for b.Loop() {
		m := crowd(people)
		c := m.Compare(nil)
		b.ReportMetric(float64(size(m.zoom.texts))/people, "emails-B/person")
		b.ReportMetric(float64(cap(m.zoom.users)*16)/people, "zoom-users-B/person")
		b.ReportMetric(float64(size(m.people.texts))/people, "people-B/person")
		b.ReportMetric(float64(cap(m.people.at)*8)/people, "people-places-B/person")
		b.ReportMetric(float64(cap(c.order)*4)/people, "order-B/person")
		b.ReportMetric(float64(cap(c.taken)*8)/people, "taken-B/person")
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		b.ReportMetric(float64(s.HeapAlloc)/people, "heap-B/person")
		if c.Len() != people {
			b.Fatal("somebody is missing")
		}
		runtime.KeepAlive(m)
	}
}

func size(t texts) (n int) {
	for _, piece := range t.pieces {
		n += cap(piece)
	}
	return n
}

// crowd is a tenant like the benchmark's: an ID, three aliases, a few mismatches.
func crowd(people int) *Matcher {
	m := &Matcher{}
	zoom, microsoft := io.Pipe()
	go func() {
		_, err := fmt.Fprintln(microsoft, "Email,First Name")
		for i := 0; i < people && err == nil; i++ {
			_, err = fmt.Fprintf(microsoft, "first.last%06d@contoso.com,First\n", i*7919%people)
		}
		microsoft.CloseWithError(err)
	}()
	if _, err := m.ReadZoom("zoom", zoom, export.Options{}); err != nil {
		panic(err)
	}
	graph, exported := io.Pipe()
	go func() {
		_, err := fmt.Fprintln(exported, "id,userPrincipalName,mail,proxyAddresses")
		for i := 0; i < people && err == nil; i++ {
			upn := fmt.Sprintf("first.last%06d@contoso.com", i)
			if i%10 == 0 {
				upn = fmt.Sprintf("u%06d@contoso.com", i)
			}
			_, err = fmt.Fprintf(
				exported,
				"00000000-0000-4000-8000-%012d,%s,first.last%06d@contoso.com,smtp:a%d@contoso.com;smtp:b%d@contoso.com;smtp:c%d@contoso.com\n",
				i,
				upn,
				i,
				i,
				i,
				i,
			)
		}
		exported.CloseWithError(err)
	}()
	if _, err := m.ReadMicrosoft("microsoft", graph, export.Options{}); err != nil {
		panic(err)
	}
	return m
}
