// Holds a dashboard to Grafana's own schemas, of dashboards and of each panel's kind: unknown, missing and wrong fields.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	written, err := os.ReadFile(os.Args[1])
	endAt(err)
	var known dashboard.Dashboard
	endAt(known.UnmarshalJSONStrict(written))
	endAt(known.Validate())
}

// An empty list of faults is no nil here.
func endAt(err error) {
	if err != nil && err.Error() != "" {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
