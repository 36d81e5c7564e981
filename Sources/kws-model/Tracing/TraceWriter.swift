import CommandSupport
import FileNames
import Glibc
import SiLIF

/// Every step of a network as NumPy arrays in a folder: frames, what each hidden layer made, readout, probabilities.
final class TraceWriter {
  private let frames: NumpyWriter
  private let made: [(part: Part, layer: Int, writer: NumpyWriter)]
  private let readout: NumpyWriter
  private let probabilities: NumpyWriter
  private let header: NetworkHeader
  /// The folder, unless it was there before.
  private let madeFolder: String?
  /// Steps written.
  private(set) var stepCount = 0

  /// The arrays that a trace of this model consists of.
  static func fileNames(_ model: Model) -> [String] {
    ["frames.npy"] + parts(model).map { "\($0.rawValue)_\($1).npy" } + ["readout.npy", "probabilities.npy"]
  }

  /// What hidden layers make in a step; in the names of files.
  private enum Part: String {
    case taken, negatives, spikes, stream
  }

  /// What each hidden layer makes, with its index.
  private static func parts(_ model: Model) -> [(Part, Int)] {
    (0..<model.header.layerCount - 1).flatMap { index in
      let kind = model.layer(index).kind
      let first = kind.samples ? [Part.taken] : kind.isTernary ? [.negatives] : []
      let parts = first + (kind.fires ? [.spikes] : [])
      return (parts + (kind.output == .stream ? [.stream] : [])).map { ($0, index) }
    }
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
    var made: [(part: Part, layer: Int, writer: NumpyWriter)] = []
    for (part, index) in TraceWriter.parts(model) {
      let element = part == .stream ? NumpyElement.int32 : .uint8
      made.append((part, index, try writer("\(part.rawValue)_\(index)", element, model.layer(index).outputs)))
    }
    self.made = made
    readout = try writer("readout", .int32, header.classCount)
    probabilities = try writer("probabilities", .uint16, header.classCount)
  }

  /// A trace that was not finished leaves nothing behind.
  deinit {
    for writer in writers { writer.discard() }
    if let madeFolder { _ = withFileName(madeFolder) { rmdir($0) } }  // which keeps one with anything in it
  }

  private var writers: [NumpyWriter] { [frames] + made.map(\.writer) + [readout, probabilities] }

  /// Adds what the network did in its last step.
  func append(_ network: Network) throws {
    try frames.append(row: bytes(network.lastFrame, header.inputCount))
    for (part, layer, writer) in made {
      switch part {
      case .taken: try writer.append(row: UnsafeRawBufferPointer(network.takenSpikes(ofLayer: layer)))
      case .negatives: try writer.append(row: UnsafeRawBufferPointer(network.negativeSpikes(ofLayer: layer)))
      case .spikes: try writer.append(row: UnsafeRawBufferPointer(network.spikes(ofLayer: layer)))
      case .stream: try writer.append(row: UnsafeRawBufferPointer(network.stream(ofLayer: layer)))
      }
    }
    try readout.append(row: bytes(network.membrane, header.classCount))
    try probabilities.append(row: bytes(network.probabilities_q15, header.classCount))
    stepCount += 1
  }

  /// Gives all arrays their names, once all of them are on the disk: a full one leaves none of them.
  func finish() throws {
    for writer in writers { try writer.complete() }
    for writer in writers { try writer.commit() }
  }

  private func bytes<Element>(_ start: UnsafePointer<Element>, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(UnsafeBufferPointer(start: start, count: count))
  }
}
