/// What is done about a device that misbehaves, in numbers. The table in docs/AUDIO-INPUT.md says the same in words.
public struct CapturePolicy: Equatable, Sendable {
  /// Whether a device that was lost is waited for and opened again; else its loss is an error.
  public var reopens = true
  /// Whether a device that is not there at the start is waited for.
  public var waitsAtStart = false

  /// A device that gives nothing for so long stands still.
  var patience_ms: Int32 = 3_000
  /// A device may say that it has samples and give none; from the second time on, reads are so far apart.
  var pause_ms: Int32 = 10
  /// Starts in a row without a sample, after which the device is closed.
  var mostStarts = 5
  /// Between attempts to open a lost device: the first wait, doubled each time up to the last.
  var firstWait_ms: Int32 = 250
  var lastWait_ms: Int32 = 4_000
  /// A device that ran for so long is well again: the waits begin with the first.
  var proof_ms: Int64 = 5_000

  /// Lost devices are opened again; the device must be there at the start.
  public init() {}
}
