// Command zo365 sets up, checks and keeps the Zoom and Office 365 calendar
// integration.
package main

import (
	"os"

	"github.com/zo365/zo365/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
