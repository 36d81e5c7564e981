import Foundation
import Kernels

@testable import SiLIF

/// The models that `python -m silif_tools.golden` wrote.
enum GoldenModels {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Golden")

  static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".silif") }.map { String($0.dropLast(6)) }.sorted()
  }()

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appendingPathComponent(name + ".silif")))
  }
}

/// A model with everything that must outlive it.
final class LoadedModel {
  let model: Model
  private let file: AlignedBytes

  init(_ bytes: [UInt8]) throws(ModelError) {
    file = AlignedBytes(bytes)
    model = try Model(bytes: file.readOnly)
  }

  convenience init(golden name: String) throws { try self.init(GoldenModels.bytes(name)) }

  /// The value of a line of the provenance.
  func provenance(_ key: String) -> String? {
    let lines = String(decoding: model.provenance, as: UTF8.self).split(separator: "\n")
    for line in lines where line.hasPrefix(key + ": ") { return String(line.dropFirst(key.count + 2)) }
    return nil
  }
}

/// A network in memory of its own, followed by guard bytes.
final class RunningNetwork {
  let network: Network
  private let loaded: LoadedModel
  private let memory: AlignedBytes
  private static let guardBytes = 256

  init(_ loaded: LoadedModel, kernels: KernelSet = .best) {
    self.loaded = loaded
    let model = loaded.model
    let required = Network.requiredBytes(for: model)
    memory = AlignedBytes(count: required + RunningNetwork.guardBytes)
    network = Network(
      model: model, memory: UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<required]), kernels: kernels)
  }

  /// Steps the model's own self-test and digests it.
  func runSelfTest() -> UInt64 {
    let model = loaded.model
    var digest = FNV1a()
    for step in 0..<model.selfTest.step_count {
      network.step(model.selfTest.values.baseAddress.unsafelyUnwrapped + step * model.header.inputCount)
      network.updateDigest(&digest)
    }
    return digest.value
  }

  /// Whether nothing was written past the memory that the network asked for.
  var isGuardIntact: Bool { memory.bytes.suffix(RunningNetwork.guardBytes).allSatisfy { $0 == 0xA5 } }
}
