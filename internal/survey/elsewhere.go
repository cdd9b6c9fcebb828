package survey

import (
	"context"
	"errors"
	"slices"

	"github.com/zo365/zo365/internal/tenant"
)

// More adds the applications that reach mailboxes by a role in Exchange or a delegated permission
// alone, whoever published them: who holds an application permission is known already. What may
// not be read is said by the facts of roles and of delegated grants.
func More(ctx context.Context, s Sources, f *tenant.Facts) error {
	if !f.Consents.Seen() {
		return nil
	}
	var ids []string
	for _, holders := range []struct {
		ask    func(context.Context) ([]string, error)
		unseen *error
	}{
		{s.Elsewhere.ExchangeHolders, &f.Exchange.Err},
		{s.Elsewhere.DelegatedHolders, &f.Delegated.Err},
	} {
		some, err := holders.ask(ctx)
		switch {
		case err == nil:
			ids = append(ids, some...)
		case !errors.As(err, new(*tenant.NeedsError)) && !errors.Is(err, tenant.ErrNotInCloud):
			return err
		case *holders.unseen == nil: // nobody was there of whom it would have been asked
			*holders.unseen = err
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if slices.ContainsFunc(
			f.Consents.Value,
			func(c tenant.Consent) bool { return c.Principal != nil && c.Principal.ID == id },
		) {
			continue
		}
		if err := add(ctx, s, f, id); err != nil {
			return err
		}
	}
	return nil
}

// add reads one application whole.
func add(ctx context.Context, s Sources, f *tenant.Facts, id string) error {
	p, err := s.Elsewhere.Principal(ctx, id)
	if err != nil || p == nil { // nil: it went away meanwhile
		return err
	}
	grants, err := s.Applications.Grants(ctx, id)
	if err != nil {
		return err
	}
	if f.Exchange.Err == nil {
		roles, err := s.Activity.ExchangeRoles(ctx, id)
		if err != nil {
			return err
		}
		f.Exchange.Value = append(f.Exchange.Value, roles...)
	}
	if f.Delegated.Err == nil {
		delegated, err := s.Scoping.Delegated(ctx, id)
		if err != nil {
			return err
		}
		f.Delegated.Value = append(f.Delegated.Value, delegated...)
	}
	f.Consents.Value = append(f.Consents.Value, tenant.Consent{Principal: p, Grants: grants})
	return nil
}
