package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

func newUPNCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "upn",
		Short: "Compare Zoom emails with UPNs",
		Long: `Compare the emails of Zoom users with the UPNs of Microsoft users.

Why it matters: the UPN of the authorizing user must equal their Zoom email, and
Zoom finds a person's calendar by their email.`,
	}
	cmd.AddCommand(newUPNCheckCmd(env), newUPNReportCmd(env), newUPNFixCmd(env), newUPNWatchCmd(env))
	return cmd
}

// upnSources are where the two sides come from: a file each, or live.
type upnSources struct {
	ZoomExport, MicrosoftExport string
	AllowPartial                bool
}

func (s *upnSources) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.ZoomExport, "zoom-export", "", "file with the Zoom users (CSV or JSON)")
	f.StringVar(&s.MicrosoftExport, "microsoft-export", "", "file with the Microsoft users (CSV or JSON)")
	f.BoolVar(
		&s.AllowPartial,
		"allow-partial",
		false,
		"accept a side that is not complete: JSON whose last page says that more follow, or fewer people than the service counts",
	)
}

// mustExist says which named file is not there.
func (s upnSources) mustExist() error {
	for _, one := range []struct{ side, file string }{{"Zoom", s.ZoomExport}, {"Microsoft", s.MicrosoftExport}} {
		if one.file == "" {
			continue
		}
		if _, err := os.Stat(one.file); err != nil {
			return fmt.Errorf("reading the %s export: %w", one.side, err)
		}
	}
	return nil
}

// words say where the sides were looked up.
func (s upnSources) words() string {
	zoom, microsoft := "Zoom's API", "Microsoft Graph"
	if s.ZoomExport != "" {
		zoom = "the Zoom export " + filepath.Base(s.ZoomExport)
	}
	if s.MicrosoftExport != "" {
		microsoft = "the Microsoft export " + filepath.Base(s.MicrosoftExport)
	}
	return zoom + " and " + microsoft
}

// readZoom reads the Zoom side's file with one of the readers of upn.
func (s upnSources) readZoom(
	env *Env,
	read func(file string, r io.Reader, allowPartial bool) (export.Export, error),
) (export.Export, error) {
	return readExport(env, "Zoom", s.ZoomExport, s.AllowPartial, read)
}

// readMicrosoft reads the Microsoft side's file.
func (s upnSources) readMicrosoft(
	env *Env,
	read func(file string, r io.Reader, allowPartial bool) (export.Export, error),
) (export.Export, error) {
	return readExport(env, "Microsoft", s.MicrosoftExport, s.AllowPartial, read)
}

// silent stands for an Env where a file's notes were said before.
var silent *Env

func readExport(
	env *Env,
	side, file string,
	allowPartial bool,
	read func(string, io.Reader, bool) (export.Export, error),
) (export.Export, error) {
	f, err := os.Open(file)
	if err != nil {
		return export.Export{}, fmt.Errorf("reading the %s export: %w", side, err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	e, err := read(file, f, allowPartial)
	if err == nil && env != silent {
		env.sayNotes(e.Notes)
	}
	return e, err
}

func (env *Env) sayNotes(notes []string) {
	for _, n := range notes {
		env.say("warning: %s", n)
	}
}

// domainsOf reads which domains are verified. Without the permission that is not
// known, and said.
func domainsOf(ctx context.Context, env *Env, graph interface {
	Domains(ctx context.Context) ([]tenant.Domain, error)
},
) ([]tenant.Domain, error) {
	domains, err := graph.Domains(ctx)
	if tenant.Stops(err) || errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err != nil {
		env.warn(fmt.Errorf("which domains are verified is not known: %w", err))
	}
	return domains, nil
}

// pseudonyms are made with a key that stays on this machine, so that the same
// person has the same name in every output.
func pseudonyms(ctx context.Context) (upn.Pseudonyms, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return upn.Pseudonyms{}, fmt.Errorf("finding the config folder: %w", err)
	}
	dir = filepath.Join(dir, "zo365")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return upn.Pseudonyms{}, fmt.Errorf("making the config folder: %w", err)
	}
	unlock, err := atomicfile.Lock(ctx, dir)
	if err != nil {
		return upn.Pseudonyms{}, err
	}
	defer unlock()
	path := filepath.Join(dir, "redaction.key")
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key = []byte(rand.Text())
		err = atomicfile.Write(path, key, 0o600)
	}
	if err != nil {
		return upn.Pseudonyms{}, fmt.Errorf("keeping the key of the pseudonyms: %w", err)
	}
	return upn.NewPseudonyms(key), nil
}
