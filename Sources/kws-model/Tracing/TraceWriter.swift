import CommandSupport
import FileNames
import Glibc
import SiLIF

/// Every step of a network as NumPy arrays in a folder: frames, spikes of each hidden layer, readout, probabilities.
final class TraceWriter {
  private let frames: NumpyWriter
  private let spikes: [NumpyWriter]
  private let readout: NumpyWriter
  private let probabilities: NumpyWriter
  private let header: NetworkHeader
  /// The folder, unless it was there before.
  private let madeFolder: String?
  /// Steps written.
  private(set) var stepCount = 0

  /// The arrays that a trace of this model consists of.
  static func fileNames(_ model: Model) -> [String] {
    ["frames.npy"] + (0..<model.header.layerCount - 1).map { "spikes_\($0).npy" } + [
      "readout.npy", "probabilities.npy",
    ]
  }

  /// Makes the folder where it is missing.
  ///
  /// - Throws: Failure where a trace stands there already, unless `overwrites`.
  init(folder: String, model: Model, overwrites: Bool) throws(Failure) {
    header = model.header
    madeFolder = withFileName(folder) { mkdir($0, 0o755) } == 0 ? folder : nil
    if madeFolder == nil && errno != EEXIST {
      throw Failure("\(folder): cannot be made: \(systemMessage(errno))")
    }
    for name in TraceWriter.fileNames(model)
    where !overwrites && withFileName("\(folder)/\(name)", { access($0, F_OK) }) == 0 {
      throw Failure("\(folder)/\(name) is there already; give another folder with --output, or --force")
    }
    func writer(_ name: String, _ element: NumpyElement, _ length: Int) throws(Failure) -> NumpyWriter {
      try NumpyWriter(path: "\(folder)/\(name).npy", element: element, rowLength: length)
    }
    frames = try writer("frames", .int16, header.inputCount)
    var spikes: [NumpyWriter] = []
    for index in 0..<header.layerCount - 1 {
      spikes.append(try writer("spikes_\(index)", .uint8, model.layer(index).outputs))
    }
    self.spikes = spikes
    readout = try writer("readout", .int32, header.classCount)
    probabilities = try writer("probabilities", .uint16, header.classCount)
  }

  /// A trace that was not finished leaves nothing behind.
  deinit {
    for writer in writers { writer.discard() }
    if let madeFolder { _ = withFileName(madeFolder) { rmdir($0) } }  // which keeps one with anything in it
  }

  private var writers: [NumpyWriter] { [frames] + spikes + [readout, probabilities] }

  /// Adds what the network did in its last step.
  func append(_ network: Network) throws {
    try frames.append(row: bytes(network.lastFrame, header.inputCount))
    for (index, writer) in spikes.enumerated() {
      try writer.append(row: UnsafeRawBufferPointer(network.spikes(ofLayer: index)))
    }
    try readout.append(row: bytes(network.membrane, header.classCount))
    try probabilities.append(row: bytes(network.probabilities_q15, header.classCount))
    stepCount += 1
  }

  /// Gives all arrays their names.
  func finish() throws {
    for writer in writers { try writer.finish() }
  }

  private func bytes<Element>(_ start: UnsafePointer<Element>, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(UnsafeBufferPointer(start: start, count: count))
  }
}
