/// Sound that a device did not hand over, and why.
public struct SoundLoss: Equatable, Sendable, BitwiseCopyable {
  /// What kept the sound back. The raw value is its name in JSON.
  public enum Cause: String, Equatable, Sendable, BitwiseCopyable, CaseIterable {
    /// Nobody fetched the samples in time.
    case overrun
    /// The machine slept.
    case suspend
    /// The device reported an error and went on.
    case error
    /// The device failed for good, and was opened again.
    case failed
    /// The device was unplugged, or its sound server ended.
    case gone
    /// The device gave nothing for seconds: its clock stands still.
    case still
    /// The device was not there when the program started.
    case absent
  }

  /// What kept the sound back.
  public let cause: Cause
  /// What is missing by the clock, in samples at 16 kHz.
  public let lost_samples: Int64

  /// - Parameters:
  ///   - cause: what kept the sound back.
  ///   - lost_samples: what is missing, at 16 kHz.
  public init(_ cause: Cause, lost_samples: Int64) {
    self.cause = cause
    self.lost_samples = lost_samples
  }
}

extension SoundLoss.Cause {
  /// Whether the device had to be opened again, after a `.lost`.
  public var endsDevice: Bool {
    switch self {
    case .failed, .gone, .still, .absent: true
    case .overrun, .suspend, .error: false
    }
  }
}
