package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
)

// Groups is what changes of Zoom's groups need.
type Groups interface {
	Groups(ctx context.Context) ([]tenant.ZoomGroup, error)
	Members(ctx context.Context, groupID string) ([]tenant.ZoomUser, error)
	CreateGroup(ctx context.Context, name string) (tenant.ZoomGroup, error)
	DeleteGroup(ctx context.Context, id string) error
}

func unmarshal(text []byte, into any) error { return json.Unmarshal(text, into) }

// groupNamed is Zoom's group of a name; nil when there is none.
func (h Hands) groupNamed(ctx context.Context, name string) (*tenant.ZoomGroup, error) {
	all, err := h.Groups.Groups(ctx)
	i := slices.IndexFunc(all, func(g tenant.ZoomGroup) bool {
		return strings.EqualFold(strings.TrimSpace(g.Name), strings.TrimSpace(name))
	})
	if err != nil || i < 0 {
		return nil, err
	}
	return &all[i], nil
}

func (h Hands) hasGroup(ctx context.Context, s plan.Step) (bool, error) {
	g, err := h.groupNamed(ctx, s.Target)
	return g != nil, err
}

func (h Hands) createGroup(ctx context.Context, s plan.Step) (bool, error) {
	if there, err := h.hasGroup(ctx, s); there || err != nil {
		return there, err
	}
	var made tenant.ZoomGroup
	return h.write(ctx, s, change{
		do: func(ctx context.Context) (err error) {
			made, err = h.Groups.CreateGroup(ctx, s.Target)
			return err
		},
		shows: func(ctx context.Context) (bool, error) {
			g, err := h.groupNamed(ctx, s.Target)
			if g != nil && made.ID == "" { // the answer with the ID was lost
				made = *g
			}
			return g != nil, err
		},
		entry: func() journal.Entry {
			return journal.Entry{
				Action: journal.GroupCreated,
				After:  journal.JSON(map[string]string{"id": made.ID, "name": made.Name}),
			}
		},
	})
}

// reverseCreateGroup deletes exactly the group that was made.
func reverseCreateGroup(e journal.Entry) (plan.Step, error) {
	var made struct{ ID, Name string }
	if err := json.Unmarshal(e.After, &made); err != nil {
		return plan.Step{}, err
	}
	if made.ID == "" {
		return plan.Step{}, &NoWayBack{
			"the entry does not name the group's ID",
			"delete the group in Zoom: " + menu.ZoomGroups,
		}
	}
	return plan.Step{
		Kind:   string(doctor.Zoom),
		Action: string(doctor.DeleteGroup),
		Target: made.Name,
		Object: made.ID,
		Before: "a group without members",
		After:  "deleted",
	}, nil
}

// deleteGroup deletes a group that zo365 made, unless somebody is in it by now.
func (h Hands) deleteGroup(ctx context.Context, s plan.Step) (bool, error) {
	gone, err := h.groupGone(ctx, s)
	if gone || err != nil {
		return gone, err
	}
	people, err := h.Groups.Members(ctx, s.Object)
	if err != nil {
		return false, err
	}
	if len(people) > 0 {
		return false, &NoWayBack{
			fmt.Sprintf("the group %s has members by now: %d", s.Target, len(people)),
			"take them out first, in Zoom's portal",
		}
	}
	return h.write(ctx, s, change{
		do:    func(ctx context.Context) error { return h.Groups.DeleteGroup(ctx, s.Object) },
		shows: func(ctx context.Context) (bool, error) { return h.groupGone(ctx, s) },
		entry: func() journal.Entry {
			return journal.Entry{
				Action: journal.GroupDeleted,
				Before: journal.JSON(map[string]string{"id": s.Object, "name": s.Target}),
			}
		},
	})
}

func (h Hands) groupGone(ctx context.Context, s plan.Step) (bool, error) {
	if s.Object == "" {
		return false, errors.New("the step does not name the group's ID")
	}
	all, err := h.Groups.Groups(ctx)
	return err == nil && !slices.ContainsFunc(all, func(g tenant.ZoomGroup) bool { return g.ID == s.Object }), err
}
