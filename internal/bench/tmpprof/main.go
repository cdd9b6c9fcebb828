package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/upn/index"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func main() {
	debug.SetGCPercent(40)
	dir := os.Args[1]
	if len(os.Args) > 2 {
		f := must(os.Create(os.Args[2]))
		pprof.StartCPUProfile(f)
		defer pprof.StopCPUProfile()
	}
	last := time.Now()
	lap := func(s string) { fmt.Fprintf(os.Stderr, "%-8s %v\n", s, time.Since(last).Round(time.Millisecond)); last = time.Now() }
	var m index.Matcher
	z := must(os.Open(dir + "/zoom.csv"))
	must(m.ReadZoom("z", z, export.Options{}))
	lap("zoom")
	e := must(os.Open(dir + "/entra.csv"))
	must(m.ReadMicrosoft("e", e, export.Options{}))
	lap("entra")
	c := m.Compare(nil)
	lap("compare")
	c.CountNotInZoom()
	lap("free")
	l := render.ComparedListing(render.Compared{Everybody: c, Wants: func(upn.Class) bool { return true }})
	var w io.Writer = must(os.Create("/tmp/o3.csv"))
	if err := render.Write(w, render.CSV, l); err != nil {
		panic(err)
	}
	lap("report")
}
