package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/upn/index"
)

// What the benchmark checks for a million holds for a few thousand in every run
// of the tests: the same people twice, and every answer right.
func TestAnswers(t *testing.T) {
	made, err := generate(t.TempDir(), 5000)
	if err != nil {
		t.Fatal(err)
	}
	again, err := generate(t.TempDir(), 5000)
	if err != nil {
		t.Fatal(err)
	}
	for a, b := range map[string]string{
		made.Zoom:      again.Zoom,
		made.Microsoft: again.Microsoft,
		made.Answers:   again.Answers,
	} {
		one, _ := os.ReadFile(a)
		other, _ := os.ReadFile(b)
		if len(one) == 0 || string(one) != string(other) {
			t.Errorf("%s is not the same the second time", filepath.Base(a))
		}
	}
	report := filepath.Join(t.TempDir(), "report.csv")
	compare(t, made, report)
	verdict, err := judge(made.Answers, report, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(verdict)
	// A judge that never says no is none.
	if _, err := judge(made.Answers, made.Answers, false); err == nil {
		t.Error("typos passed as found by a program that does not look for them")
	}
	if err := os.WriteFile(
		report,
		[]byte("zoom_email,class,flags,entra_upn,entra_id,matched_on,suggestion\nnobody@x,match,,,,,\n"),
		0o600,
	); err != nil {
		t.Fatal(err)
	}
	if _, err := judge(made.Answers, report, true); err == nil {
		t.Error("a stranger passed")
	}
}

func compare(t *testing.T, made tenant, report string) {
	t.Helper()
	var m index.Matcher
	for _, side := range []struct {
		file string
		read func(*os.File) error
	}{
		{made.Zoom, func(f *os.File) error { _, err := m.ReadZoom(f.Name(), f, export.Options{}); return err }},
		{made.Microsoft, func(f *os.File) error { _, err := m.ReadMicrosoft(f.Name(), f, export.Options{}); return err }},
	} {
		f, err := os.Open(side.file)
		if err != nil {
			t.Fatal(err)
		}
		if err := side.read(f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	out, err := os.Create(report)
	if err != nil {
		t.Fatal(err)
	}
	if err := render.Write(
		out,
		render.CSV,
		render.ComparedListing(render.Compared{Everybody: m.Compare(nil), Wants: func(upn.Class) bool { return true }}),
	); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
