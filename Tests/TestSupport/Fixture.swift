/// Models that lie with the tests, by path.
package enum Fixture {
  /// Hears sound; words yes, no, stop, unknown, silence. Of `Tests/Fixtures/make_fixtures.py`, as `counts`.
  package static let audio = path("Fixtures/audio.silif")
  /// Takes frames of 8 counts; words left, right, other.
  package static let counts = path("Fixtures/counts.silif")
  /// Hears what `audio` hears, by two blocks of P-SpikeSSM: what it hears depends on a seed, 42.
  package static let sampling = path("Fixtures/sampling.silif")
  /// A golden model of the engine's tests: every kind of neuron, weights of 4 and 8 bits.
  package static let mixedWidths = path("SiLIFTests/Golden/mixed-widths.silif")

  /// A file below Tests.
  package static func path(_ name: String) -> String {
    #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/\(name)"
  }
}
