import ArgumentParser
import CommandSupport

package struct Command: SilifCommand {
  package static let configuration = CommandConfiguration(
    commandName: "kws-model",
    abstract: "Shows, verifies and traces model files.",
    discussion: """
      Examples:
        kws-model info models/kws12.silif
        kws-model verify models/*.silif
        kws-model trace models/kws12.silif --input yes.wav --output yes-trace
      """,
    version: silifVersion,
    subcommands: [Info.self, Verify.self, Trace.self])

  package init() {}
}
