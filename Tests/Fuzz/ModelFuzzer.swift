import Kernels
import KeywordSpotter
import LogMel
import SiLIF
import SpotterHost

/// The model reader, then what a model that it took makes of steps: the same with every set of kernels, between guard zones,
/// with the detector at any threshold.
enum ModelFuzzer {
  private static let steps = 12
  /// What is refused or slow is not worth the time.
  private static let limit_bytes = 1 << 22

  static func run(_ data: UnsafeRawBufferPointer) {
    let file = GuardedMemory(byteCount: data.count, alignment: 16)
    file.bytes.copyMemory(from: data)
    defer { withExtendedLifetime(file) {} }
    guard let model = try? Model(bytes: UnsafeRawBufferPointer(file.bytes)) else { return }
    guard let byteCount = try? FramePipeline.requiredBytes(for: model), byteCount < limit_bytes else { return }
    _ = model.words.strings
    detect(model)
    var expected: UInt64?
    for kernels in KernelSet.available {
      let digest = step(model, byteCount, kernels)
      expect(expected == nil || digest == expected, "\(kernels) computes something else")
      expected = digest
    }
  }

  /// The self-test's input, then the extremes of what a frame or a sample can be.
  private static func step(_ model: Model, _ byteCount: Int, _ kernels: KernelSet) -> UInt64 {
    let memory = GuardedMemory(byteCount: byteCount)
    guard var pipeline = try? FramePipeline(model: model, memory: memory.bytes, kernels: kernels) else { return 0 }
    pipeline.reset()
    var digest = FNV1a()
    var left = steps
    func run(_ values: UnsafeBufferPointer<Int16>, asSamples: Bool) {
      var rest = values
      while left > 0, asSamples ? pipeline.accept(&rest) : pipeline.accept(frames: &rest) {
        pipeline.network.updateDigest(&digest)
        left -= 1
      }
    }
    run(model.selfTest.values, asSamples: model.selfTest.input == .samples)
    let extremes: [Int16] = [.max, .min, 0, -1, 1, .min, .max, .max]
    let count = max(model.header.inputCount, pipeline.frontEnd == nil ? 0 : 1024)
    let values = (0..<3 * count).map { extremes[($0 / 3 + $0 / count) % extremes.count] }
    left = steps
    values.withUnsafeBufferPointer { run($0, asSamples: pipeline.frontEnd != nil) }
    withExtendedLifetime(memory) {}
    return digest.value
  }

  private static func detect(_ model: Model) {
    let full = [UInt16](repeating: 32768, count: model.header.classCount)
    let none = [UInt16](repeating: 0, count: model.header.classCount)
    let rule = (try? model.clipRule()) ?? .none
    for threshold in [nil, 0, 0.9, 1] as [Double?] {
      // Each from the model's own: a threshold of 0 forgets what the re-arming level was.
      var settings = DetectorSettings(defaultsOf: model)
      if let threshold {
        for index in settings.words.indices { settings.setThreshold(threshold, forClass: index) }
      }
      let memory = GuardedMemory(byteCount: Detector.requiredBytes(for: settings))
      var detector = Detector(settings: settings, calibration: model.eventCalibration, memory: memory.bytes)
      for step in 0..<40 {
        let event = detector.step(step % 20 < 16 ? full : none, at: Int64(step))
        expect(event.map { (0...32768).contains($0.score_q15) } ?? true, "a score is no probability")
        let least: Int32 = model.eventCalibration.exists ? 0 : -1
        let most: Int32 = model.eventCalibration.exists ? 32768 : -1
        expect(event.map { (least...most).contains($0.probability_q15) } ?? true, "a probability is none")
        // The rule's window is that of the model's own detector.
        for index in none.indices where threshold == nil && rule.exists {
          let score_q15 = rule.score_q15(bestSum: detector.sum_q15(ofClass: index), ofClass: index)
          expect((0...32768).contains(score_q15), "a clip's score is no probability")
        }
      }
      withExtendedLifetime(memory) {}
    }
  }

  /// Total length and checksum.
  static func mend(_ file: UnsafeMutableRawBufferPointer) {
    guard file.count >= 32 else { return }
    file.storeBytes(of: UInt32(file.count).littleEndian, toByteOffset: 12, as: UInt32.self)
    var checksum = CRC32()
    checksum.update(UnsafeRawBufferPointer(rebasing: file[..<16]))
    checksum.update(UnsafeRawBufferPointer(rebasing: file[20...]))
    file.storeBytes(of: checksum.value.littleEndian, toByteOffset: 16, as: UInt32.self)
  }
}
