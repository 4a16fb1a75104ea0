// The `commander` executable: hands the command line to the library, which tests run too.

import Commander

@main
enum Entry {
  static func main() async { await CommanderCommand.start() }
}
