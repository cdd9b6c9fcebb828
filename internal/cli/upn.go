package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/connect"

	"github.com/zo365/zo365/internal/shell"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/zoom"
)

func newUPNCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "upn",
		Short: "Compare Zoom emails with UPNs",
		Long: `Compare the emails of Zoom users with the UPNs of Microsoft users.

Why it matters: the UPN of the authorizing user must equal their Zoom email, and
Zoom finds a person's calendar by their email.`,
	}
	cmd.AddCommand(newUPNCheckCmd(env), newUPNFindCmd(env), newUPNReportCmd(env), newUPNFixCmd(env), newUPNWatchCmd(env))
	return cmd
}

// upnSources are where the two sides come from: files, or live.
type upnSources struct {
	ZoomExport, MicrosoftExport []string
	AllowPartial                bool
	Strict, AllowRejects, Rooms bool
	Rejects                     string
	hide                        bool // what cells hold
	// For is an upn.Audience.
	For string
}

// audience is the flag for whom the remedies are worded.
func (s *upnSources) audience(cmd *cobra.Command) {
	audiences := []string{string(upn.ForAdmin), string(upn.ForCustomer)}
	cmd.Flags().StringVar(
		&s.For,
		"for",
		string(upn.ForAdmin),
		"word the remedies for an admin, with commands, or for a customer, with the portals alone",
	)
	completeValues(cmd, "for", audiences)
}

func (s *upnSources) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(
		&s.ZoomExport,
		"zoom-export",
		nil,
		"file with the Zoom users (CSV or JSON), - is standard input; can be repeated",
	)
	f.StringArrayVar(
		&s.MicrosoftExport,
		"microsoft-export",
		nil,
		"file with the Microsoft users (CSV or JSON), - is standard input; can be repeated",
	)
	f.BoolVar(
		&s.AllowPartial,
		"allow-partial",
		false,
		"accept a side that is not complete: JSON whose last page says that more follow, or fewer people than the service counts",
	)
	f.BoolVar(&s.Strict, "strict", false, "end at the first row of an export that cannot be read")
	f.StringVar(&s.Rejects, "rejects", "", "write the rows that could not be read to this file, with the reasons")
	f.BoolVar(&s.AllowRejects, "allow-rejects", false, "go on although more than one row in a hundred cannot be read")
	f.BoolVar(&s.Rooms, "include-rooms", false, "take rooms, resources, shared mailboxes and service accounts for people")
	cmd.MarkFlagsMutuallyExclusive("strict", "allow-rejects")
}

// checkAudience says that --for is none of the words.
func (s upnSources) checkAudience() error {
	if s.For != "" && s.For != string(upn.ForAdmin) && s.For != string(upn.ForCustomer) {
		return usagef("--for: %q is neither admin nor customer", s.For)
	}
	return nil
}

// checkFiles says which named file is not there, and which of those that are to be written is
// one that is read.
func (s upnSources) checkFiles(written ...string) error {
	input := 0
	inputs := map[string]os.FileInfo{}
	for side, files := range map[string][]string{"Zoom": s.ZoomExport, "Microsoft": s.MicrosoftExport} {
		for _, file := range files {
			if file == standardInput {
				input++
				continue
			}
			info, err := os.Stat(file)
			if err != nil {
				return fmt.Errorf("reading the %s export: %w", side, err)
			}
			inputs[file] = info
		}
	}
	for i, out := range append(written, s.Rejects) {
		if out != "" && slices.Contains(written[:min(i, len(written))], out) {
			return usagef("two outputs would be written to %s; name two files", out)
		}
		info, err := os.Stat(out)
		switch {
		case out == standardInput:
			return usagef("- is standard output here, which is written to without a flag; name a file")
		case err == nil && info.IsDir():
			return usagef("%s is a folder; name a file in it", out)
		}
		for in, read := range inputs {
			if err == nil && os.SameFile(info, read) {
				return usagef("%s would be overwritten: it is the export %s; write to another file", out, in)
			}
		}
	}
	if input > 1 {
		return usagef("standard input can be read once, and %d exports are -", input)
	}
	if s.Rejects != "" && len(s.ZoomExport)+len(s.MicrosoftExport) == 0 {
		return usagef("--rejects is about exports, and none is given")
	}
	return nil
}

// standardInput is its name as a file.
const standardInput = "-"

// orExport names the flag of the side that is missing where the other one is a file.
func (s upnSources) orExport(err error) error {
	var missing *connect.MissingError
	if !errors.As(err, &missing) {
		return err
	}
	var flag string
	switch {
	case len(s.ZoomExport) > 0 && len(s.MicrosoftExport) == 0:
		flag = "--microsoft-export FILE"
	case len(s.MicrosoftExport) > 0 && len(s.ZoomExport) == 0:
		flag = "--zoom-export FILE"
	default:
		return err
	}
	return hint(err, "give the other side too, "+flag+", or set it up to be asked live: zo365 init")
}

// flagWords are the flags that name the same files again, for a command that is suggested.
func (s upnSources) flagWords() (words string) {
	for _, one := range []struct {
		flag  string
		files []string
	}{{"--zoom-export", s.ZoomExport}, {"--microsoft-export", s.MicrosoftExport}} {
		for _, file := range one.files {
			words += " " + one.flag + " " + shell.Word(file)
		}
	}
	return words
}

// anonymous are the same without the files' names, which may name a customer.
func (s upnSources) anonymous() string {
	zoom, microsoft := "Zoom's API", "Microsoft Graph"
	if len(s.ZoomExport) > 0 {
		zoom = "a Zoom export"
	}
	if len(s.MicrosoftExport) > 0 {
		microsoft = "a Microsoft export"
	}
	return zoom + " and " + microsoft
}

// words say where the sides were looked up.
func (s upnSources) words() string {
	zoom, microsoft := "Zoom's API", "Microsoft Graph"
	if len(s.ZoomExport) > 0 {
		zoom = "the Zoom export " + baseNames(s.ZoomExport)
	}
	if len(s.MicrosoftExport) > 0 {
		microsoft = "the Microsoft export " + baseNames(s.MicrosoftExport)
	}
	return zoom + " and " + microsoft
}

func baseNames(files []string) string {
	names := make([]string, len(files))
	for i, file := range files {
		if names[i] = filepath.Base(file); file == standardInput {
			names[i] = "on standard input"
		}
	}
	return strings.Join(names, ", ")
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

// zoomDomains are the verified domains of the Zoom account, so that no email is advised that it
// cannot have: as Zoom shows them, asked is nil where it is not asked, or as the tenant file
// states them. Without either they are not known, which is nil.
func zoomDomains(ctx context.Context, env *Env, asked *zoom.Client) (map[string]bool, error) {
	file, err := env.fileIfAny()
	if err != nil {
		return nil, err
	}
	seen := tenant.Reading[[]tenant.ZoomDomain]{Err: &tenant.NeedsError{}}
	if asked != nil {
		if seen.Value, seen.Err = asked.Domains(ctx); tenant.Stops(seen.Err) || errors.Is(seen.Err, context.Canceled) {
			return nil, seen.Err
		}
	}
	domains, basis := doctor.AssociatedDomains(seen, file)
	return verifiedNames(domains, basis), nil
}

// verifiedNames are the names of verified domains; nil where they are not known.
func verifiedNames(domains []tenant.ZoomDomain, basis string) map[string]bool {
	if basis == "" {
		return nil
	}
	names := map[string]bool{}
	for _, d := range domains {
		if d.Verified {
			names[upn.NormalDomain(d.Name)] = true
		}
	}
	return names
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
