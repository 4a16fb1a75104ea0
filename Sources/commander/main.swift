// The `commander` executable: hands the command line to the library, which tests run too.

import Commander

await CommanderCommand.main()
