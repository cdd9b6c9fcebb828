package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/render"
)

// release is set by the release build: -ldflags "-X ….release=1.2.3".
var release string

func version() render.Version {
	v := render.Version{
		Version: release,
		Go:      runtime.Version(),
		OS:      runtime.GOOS,
		Arch:    runtime.GOARCH,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		if v.Version == "" && info.Main.Version != "(devel)" {
			v.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	if v.Version == "" {
		v.Version = "devel"
	}
	return v
}

func newVersionCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Show the version",
		Long:    "Show the version of this program and what it was built with.",
		Example: "  zo365 version\n  zo365 version -o json",
		Args:    flagsOnly,
		RunE:    func(*cobra.Command, []string) error { return env.show(render.VersionListing(version())) },
	}
}
