import Kernels
import LogMel

/// A section in memory that tables may be used in place from.
final class AlignedSection {
  let bytes: UnsafeMutableRawBufferPointer

  init(_ content: [UInt8], offset: Int = 0) {
    let all = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count + 64, alignment: 64)
    allocation = all
    bytes = UnsafeMutableRawBufferPointer(rebasing: all[offset..<offset + content.count])
    bytes.copyBytes(from: content)
  }

  private let allocation: UnsafeMutableRawBufferPointer
  deinit { allocation.deallocate() }

  func settings() throws(LogMelSettingsError) -> LogMelSettings {
    try LogMelSettings(section: UnsafeRawBufferPointer(bytes))
  }
}

/// An extractor with guard bytes around its memory.
final class Extraction {
  static let guardBytes = 256
  let section: AlignedSection
  let settings: LogMelSettings
  var extractor: LogMelExtractor
  private let allocation: UnsafeMutableRawBufferPointer
  private let fill: UInt8

  init(
    _ section: [UInt8], memoryFilledWith fill: UInt8 = 0, kernels: KernelSet = .best
  ) throws {
    self.section = AlignedSection(section)
    self.fill = fill
    settings = try self.section.settings()
    let needed = LogMelExtractor.requiredBytes(for: settings)
    allocation = .allocate(byteCount: needed + 2 * Extraction.guardBytes, alignment: LogMelExtractor.requiredAlignment)
    allocation.initializeMemory(as: UInt8.self, repeating: fill)
    let memory = allocation[Extraction.guardBytes..<Extraction.guardBytes + needed]
    extractor = LogMelExtractor(
      settings: settings, memory: UnsafeMutableRawBufferPointer(rebasing: memory), kernels: kernels)
  }

  deinit { allocation.deallocate() }

  var guardsAreIntact: Bool {
    allocation.prefix(Extraction.guardBytes).allSatisfy { $0 == fill }
      && allocation.suffix(Extraction.guardBytes).allSatisfy { $0 == fill }
  }

  /// What others may do to the scratch memory between two calls.
  func overwriteScratch() {
    let start = allocation.baseAddress! + Extraction.guardBytes
    start.initializeMemory(as: UInt8.self, repeating: 0x5A, count: LogMelExtractor.scratchBytes(for: settings))
  }

  /// All frames of the samples, given in blocks.
  func frames(of samples: [Int16], blockSize: Int) -> [Int16] {
    var frames: [Int16] = []
    var frame = [Int16](repeating: 0, count: settings.bandCount)
    for start in stride(from: 0, to: samples.count, by: blockSize) {
      var block = samples[start..<min(start + blockSize, samples.count)]
      while !block.isEmpty {
        let progress = block.withUnsafeBufferPointer { extractor.accept($0, frame: &frame) }
        block = block.dropFirst(progress.consumed_samples)
        if progress.isFrameReady { frames += frame }
      }
    }
    return frames
  }
}
