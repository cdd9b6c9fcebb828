package cli

import "github.com/spf13/cobra"

func newUPNFixCmd(*Env) *cobra.Command { return &cobra.Command{Use: "fix", Short: "x"} }
