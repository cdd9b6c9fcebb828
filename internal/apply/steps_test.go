package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
)

// crew does steps by name.
type crew struct {
	do    func(ctx context.Context, s plan.Step) (bool, error)
	visit func(ctx context.Context, steps []plan.Step) ([]StepResult, error)
}

func (c crew) Do(ctx context.Context, s plan.Step) (bool, error) { return c.do(ctx, s) }

func (c crew) Visit(ctx context.Context, steps []plan.Step) ([]StepResult, error) {
	return c.visit(ctx, steps)
}

func step(id string, after ...string) plan.Step { return plan.Step{ID: id, DependsOn: after} }

func click(id, page string, after ...string) plan.Step {
	return plan.Step{ID: id, DependsOn: after, Page: &plan.Page{Address: page}}
}

// Steps that do not depend on each other meet; those that do keep their order.
func TestIndependentStepsRunTogether(t *testing.T) {
	var meeting sync.WaitGroup
	meeting.Add(3)
	var mu sync.Mutex
	var order []string
	c := crew{
		do: func(_ context.Context, s plan.Step) (bool, error) {
			if strings.HasPrefix(s.ID, "free") {
				meeting.Done()
				meeting.Wait() // for ever, unless the others come
			}
			mu.Lock()
			defer mu.Unlock()
			order = append(order, s.ID)
			return false, nil
		},
		visit: func(_ context.Context, steps []plan.Step) ([]StepResult, error) {
			meeting.Done()
			meeting.Wait()
			return all(steps, StepConfirmed, ""), nil
		},
	}
	results, err := Steps{Hands: c, Parallel: 2, Each: func(StepResult) {}}.Do(t.Context(), []plan.Step{
		step(
			"free 1",
		),
		step("free 2"),
		click("a page", "p"),
		step("last", "free 1", "free 2", "a page"),
		step("behind the last", "last"),
	})
	if err != nil || len(results) != 5 || !slices.Equal(order[2:], []string{"last", "behind the last"}) {
		t.Errorf("%v, %v, %+v", err, order, results)
	}
}

// A failure leaves its chain; the other chains go on, and so do a person's pages.
func TestAFailureStopsItsChain(t *testing.T) {
	c := crew{
		do: func(_ context.Context, s plan.Step) (bool, error) {
			switch s.ID {
			case "fails":
				return false, errors.New("no")
			case "waits":
				return false, &Unfinished{"somebody has to"}
			}
			return s.ID == "there already", nil
		},
		visit: func(_ context.Context, steps []plan.Step) ([]StepResult, error) {
			return all(steps, StepPending, "left for later"), nil
		},
	}
	results, err := Steps{Hands: c, Parallel: 4, Each: func(StepResult) {}}.Do(t.Context(), []plan.Step{
		step(
			"fails",
		),
		step("behind", "fails"),
		step("far behind", "behind"),
		step("there already"),
		step("fine", "there already"),
		click(
			"page 1",
			"p",
		),
		click("page 2", "p", "page 1"),
		step("behind the page", "page 2"),
		step("waits"),
		step("behind who waits", "waits"),
	})
	var got []string
	for _, r := range results {
		got = append(got, r.ID+": "+string(r.Status))
	}
	want := []string{
		"fails: failed", "behind: not begun", "far behind: not begun", "there already: already", "fine: done",
		"page 1: pending", "page 2: pending", "behind the page: pending", "waits: pending", "behind who waits: pending",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n got %q\nwant %q", err, got, want)
	}
	if results[1].Why != "fails failed" || results[7].Why != "waits for page 2" {
		t.Errorf("%q, %q", results[1].Why, results[7].Why)
	}
}

// What ends the whole run begins nothing more.
func TestALostNetworkEndsTheRun(t *testing.T) {
	begun := 0
	c := crew{do: func(context.Context, plan.Step) (bool, error) {
		begun++
		return false, &tenant.StopError{Reason: tenant.Offline, Err: errors.New("no network")}
	}}
	var steps []plan.Step
	for i := range 20 {
		steps = append(steps, step(fmt.Sprint(i)))
	}
	results, err := Steps{Hands: c, Parallel: 1, Each: func(StepResult) {}}.Do(t.Context(), steps)
	if !tenant.Stops(err) || begun != 1 || len(results) != 20 {
		t.Errorf("%v, %d begun", err, begun)
	}
}

// Pages come in the plan's order, whatever else goes on.
func TestPagesComeInOrder(t *testing.T) {
	for range 200 {
		var visits []string
		c := crew{
			do: func(context.Context, plan.Step) (bool, error) { return false, nil },
			visit: func(_ context.Context, steps []plan.Step) ([]StepResult, error) {
				visits = append(visits, steps[0].ID)
				return all(steps, StepConfirmed, ""), nil
			},
		}
		_, err := Steps{
			Hands:    c,
			Parallel: 4,
			Each:     func(StepResult) {},
		}.Do(
			t.Context(),
			[]plan.Step{step("a"), click("1", "p", "a"), click("2", "q"), step("b", "1"), click("3", "r", "b"), click("4", "s")},
		)
		if err != nil || !slices.Equal(visits, []string{"1", "2", "3", "4"}) {
			t.Fatalf("%v, %v", err, visits)
		}
	}
}

// A page is done in one visit, even where its controls depend on each other; a second
// page is another.
func TestControlsOfAPageAreOneVisit(t *testing.T) {
	var visits []int
	c := crew{visit: func(_ context.Context, steps []plan.Step) ([]StepResult, error) {
		visits = append(visits, len(steps))
		return all(steps, StepConfirmed, ""), nil
	}}
	_, err := Steps{
		Hands:    c,
		Parallel: 1,
		Each:     func(StepResult) {},
	}.Do(
		t.Context(),
		[]plan.Step{click("1", "p"), click("2", "p", "1"), click("3", "p", "2"), click("4", "q", "3")},
	)
	if err != nil || !slices.Equal(visits, []int{3, 1}) {
		t.Errorf("%v, %v", err, visits)
	}
}

// The wait for a write is bounded and said once.
func TestSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said, looks := 0, 0
		shows := func(after int) func(context.Context) (bool, error) {
			looks = 0
			return func(context.Context) (bool, error) { looks++; return looks > after, nil }
		}
		if err := Settle(t.Context(), time.Minute, shows(0), func() { said++ }); err != nil || said != 0 {
			t.Errorf("at once: %v, said %d times", err, said)
		}
		if err := Settle(t.Context(), time.Minute, shows(8), func() { said++ }); err != nil || said != 1 {
			t.Errorf("later: %v, said %d times", err, said)
		}
		start := time.Now()
		var late *NotSettled
		if err := Settle(
			t.Context(),
			time.Minute,
			shows(1000),
			func() {},
		); !errors.As(err, &late) ||
			time.Since(start) > time.Minute {
			t.Errorf("never: %v after %s", err, time.Since(start))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := Settle(ctx, time.Minute, shows(1000), func() {}); !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted: %v", err)
		}
	})
}
