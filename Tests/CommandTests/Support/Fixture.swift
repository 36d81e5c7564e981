/// The small random networks that `Tests/Fixtures/make_fixtures.py` makes.
enum Fixture {
  /// Hears sound; words yes, no, stop, unknown, silence.
  static let audio = path("audio.silif")
  /// Takes frames of 8 counts; words left, right, other.
  static let counts = path("counts.silif")

  private static func path(_ name: String) -> String {
    #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/Fixtures/\(name)"
  }
}
