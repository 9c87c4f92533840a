package apply

import "flag"

// Update is set to write the expected results in testdata, for the tests of both packages.
var Update = flag.Bool("update", false, "write the expected results in testdata")
