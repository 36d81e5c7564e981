/// Section DTCT: how a stream of readouts becomes events. All times are counted in frames, all scores in Q15.
public struct DetectorDefaults {
  /// Frames whose probabilities are averaged, 1...1024.
  public let window_frames: Int
  /// Frames after a start, reset or gap in which nothing is reported.
  public let warmUp_frames: Int
  /// Frames after an event in which nothing is reported.
  public let refractory_frames: Int
  /// Of the keywords' means together that the largest must have to be scored by them together, 0...32768; 0: every word
  /// is scored by its own mean.
  public let leastShare_q15: Int32
  private let classes: UnsafePointer<UInt16>
  private let classCount: Int

  @_optimize(size)
  init(section: UnsafeRawBufferPointer, classCount: Int) throws(ModelError) {
    self.classCount = classCount
    var reader = ByteReader(section)
    window_frames = try reader.read(UInt16.self, "window_frames", in: 1...1024)
    warmUp_frames = try reader.read(UInt16.self, "warm_up_frames", in: 0...10_000)
    refractory_frames = try reader.read(UInt16.self, "refractory_frames", in: 0...10_000)
    let count = try reader.read(UInt16.self, "detector_class_count", in: 1...LayerLimits.classes)
    guard count == classCount else { throw ModelError(.inconsistent, "detector_class_count", value: Int64(count)) }
    leastShare_q15 = Int32(try reader.read(UInt16.self, "least_share_q15", in: 0...32768))
    try reader.skip(6, "reserved")
    classes = try reader.readTable(UInt16.self, count: 4 * classCount, "detector_classes")
    for index in 0..<classCount {
      for field in 0..<2 where classes[4 * index + field] > 32768 {
        throw ModelError(
          .outOfRange, field == 0 ? "threshold_q15" : "rearm_q15", value: Int64(classes[4 * index + field]))
      }
    }
  }

  /// Mean probability at which the word is reported, 0...32768.
  public func threshold_q15(_ index: Int) -> Int32 { Int32(classes[4 * index]) }
  /// Mean probability below which the word may be reported again.
  public func rearm_q15(_ index: Int) -> Int32 { Int32(classes[4 * index + 1]) }
  /// Whether the class is a word to report (unknown and silence are not).
  public func isKeyword(_ index: Int) -> Bool { classes[4 * index + 2] & 1 != 0 }
}
