// Reads a Compose file as `docker compose` does, with all profiles, and prints what it comes to.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	options, err := cli.NewProjectOptions(os.Args[1:], cli.WithOsEnv, cli.WithProfiles([]string{"*"}))
	endAt(err)
	project, err := options.LoadProject(context.Background())
	endAt(err)
	written, err := project.MarshalJSON()
	endAt(err)
	fmt.Println(string(written))
}

func endAt(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
