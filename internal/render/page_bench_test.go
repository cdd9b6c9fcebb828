package render

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// How long a page takes in a real Chromium until everybody can be searched, and how long a
// search takes.
func BenchmarkPage(b *testing.B) {
	for _, people := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			file, err := os.Create(filepath.Join(b.TempDir(), "report.html"))
			if err != nil {
				b.Fatal(err)
			}
			if err := Write(file, HTML, bigReport(people)); err != nil {
				b.Fatal(err)
			}
			if err := file.Close(); err != nil {
				b.Fatal(err)
			}
			tab := browser(b)
			wait := func(script, want string) {
				for {
					if got, err := chromedp.Run(tab, chromedp.Evaluate[string](script)); err == nil && got == want {
						return
					}
					time.Sleep(5 * time.Millisecond)
				}
			}
			const status = `document.querySelector("#status")?.textContent ?? ""`
			var open, search time.Duration
			for b.Loop() {
				begin := time.Now()
				if err := chromedp.Do(tab, chromedp.Navigate("file://"+file.Name())); err != nil {
					b.Fatal(err)
				}
				wait(status, fmt.Sprintf("%d of %d people", people, people))
				open += time.Since(begin)
				begin = time.Now()
				if err := chromedp.Do(tab, chromedp.SendKeys(chromedp.CSS("#search"), "person000042")); err != nil {
					b.Fatal(err)
				}
				wait(status, fmt.Sprintf("1 of %d people", people))
				search += time.Since(begin)
			}
			b.ReportMetric(open.Seconds()/float64(b.N), "open-s")
			b.ReportMetric(search.Seconds()/float64(b.N), "search-s")
		})
	}
}
